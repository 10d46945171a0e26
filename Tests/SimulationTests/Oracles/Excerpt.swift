import Glibc

/// Finds what stands between two marks. Every message of a run goes by a name that is its text, and this is how the name is
/// read off a stanza, a payload or a journal's row.
enum Excerpt {
  /// The text of a stanza's body.
  static func body(of stanza: [UInt8]) -> String? { between("<body>", "<", in: stanza) }

  /// The value of a JSON member that is a string.
  static func string(_ key: String, in json: [UInt8]) -> String? { between("\"\(key)\":\"", "\"", in: json) }

  /// The value of a JSON member that is a number, other than the last.
  static func number(_ key: String, in json: [UInt8]) -> Int? {
    between("\"\(key)\":", ",", in: json).flatMap { Int($0) }
  }

  private static func between(_ start: String, _ end: String, in bytes: [UInt8]) -> String? {
    guard let first = position(of: start, in: bytes, from: 0) else { return nil }
    let begin = first + start.utf8.count
    guard let last = position(of: end, in: bytes, from: begin) else { return nil }
    return String(decoding: bytes[begin..<last], as: UTF8.self)
  }

  private static func position(of mark: String, in bytes: [UInt8], from start: Int) -> Int? {
    var mark = mark
    return bytes.withUnsafeBytes { bytes in
      mark.withUTF8 { mark in
        guard let base = bytes.baseAddress, let first = mark.baseAddress else { return nil }
        var place = start
        while bytes.count - place >= mark.count,
          let found = memchr(base + place, CInt(first.pointee), bytes.count - place - mark.count + 1)
        {
          place = UnsafeRawPointer(found) - base
          if memcmp(found, first, mark.count) == 0 { return place }
          place += 1
        }
        return nil
      }
    }
  }
}
