/// What to do with a payload that is no text (`binary` in the configuration).
public enum BinaryPolicy: String, Sendable, Hashable, CaseIterable {
  /// Upload it (XEP-0363) and send the address.
  case upload
  /// Send it inside the body.
  case base64
  /// Do not send it, and say so in an event.
  case drop

  /// What becomes of a payload.
  public enum Outcome: Sendable, Hashable {
    /// This body is sent.
    case body(String)
    /// Nothing is sent.
    case dropped
    /// It has to be uploaded first.
    case upload(mediaType: String)
  }

  /// Applies the policy.
  ///
  /// Under ``base64`` the body is a `data:` URI (RFC 2397), `data:image/png;base64,iVBORw0…`, so that whoever gets it
  /// can tell what it is and can open it as it is.
  /// - Parameters:
  ///   - payload: the bytes.
  ///   - contentType: the Content Type property of the publish; else the first bytes tell, else it is
  ///     `application/octet-stream`.
  public func outcome(for payload: [UInt8], contentType: String?) -> Outcome {
    let type = contentType.flatMap(MediaType.checked) ?? MediaType.sniffed(payload) ?? MediaType.unknown
    switch self {
    case .upload: return .upload(mediaType: type)
    case .base64: return .body("data:\(type);base64,\(Self.base64(payload))")
    case .drop: return .dropped
    }
  }

  /// Base64 with padding (RFC 4648, section 4).
  static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let count = min(3, bytes.count - index)
      var group: UInt32 = 0
      for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0) }
      for digit in 0..<4 {
        text.append(digit <= count ? alphabet[Int(group >> (18 - 6 * UInt32(digit)) & 63)] : UInt8(ascii: "="))
      }
      index += count
    }
    return String(decoding: text, as: UTF8.self)
  }
}
