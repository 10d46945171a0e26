internal import Mapping

extension AccessPolicy {
  /// Reads `allow` and `may_send` of an account; a list that is not there is the standard one.
  init(_ table: TableReader) {
    self.init()
    if let list = AccessList("allow", in: table, wildcard: .isRefused) { allow = list }
    if let list = AccessList("may_send", in: table, wildcard: .meansAnyone) { maySend = list }
  }
}

extension AccessList {
  /// Reads a list; nil if the key is not there. Each entry that is none is reported where it stands.
  fileprivate init?(_ key: String, in table: TableReader, wildcard: Wildcard) {
    guard let entries = table.list(key, .entry(wildcard)) else { return nil }
    for entry in entries where !Self.words.contains(entry.value) && !entry.value.contains(".") {
      guard let word = Spelling.nearest(to: entry.value, in: Self.words) else { continue }
      table.faults.warning(
        "\(table.name(of: key)): \(Quoted(entry.value)) is taken for a domain; if the word is meant, write \"\(word)\"",
        at: entry.position)
    }
    guard let list = try? AccessList(entries.map(\.value), wildcard: wildcard) else { return nil }
    self = list
  }

  private static let words = ["roster", "rooms"]
}

extension ValueForm<String> {
  fileprivate static func entry(_ wildcard: AccessList.Wildcard) -> ValueForm {
    .string("a JID, a domain, \"roster\" or \"rooms\"", example: #""alice@example.org""#) { text throws(Misfit) in
      if let fault = AccessList.fault(inEntry: text, wildcard: wildcard) { throw .content("is not usable: \(fault)") }
      return text
    }
  }
}

extension AccessList {
  fileprivate static func fault(inEntry entry: String, wildcard: Wildcard) -> AccessListError? {
    do {
      _ = try AccessList([entry], wildcard: wildcard)
      return nil
    } catch {
      return error
    }
  }
}
