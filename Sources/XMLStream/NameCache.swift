internal import CLibXML2

/// The Swift strings of the names that a stream uses over and over.
///
/// libxml2's dictionary gives equal names of one parser the same address, and never frees one while the parser lives.
/// So an address stands for the name, and a small table indexed by a hash of the address spares making the string anew.
struct NameCache: ~Copyable {
  private struct Entry {
    var address: UInt
    var name: String
  }

  private static let bits = 7
  private var entries = [Entry](repeating: Entry(address: 0, name: ""), count: 1 << bits)
  /// The namespace that is reported as `jabber:client`.
  private let contentNamespace: String

  init(contentNamespace: String) { self.contentNamespace = contentNamespace }

  /// The string at an address in the dictionary; empty for nil, which stands for "no namespace".
  mutating func string(_ name: UnsafePointer<xmlChar>?) -> String {
    let address = UInt(bitPattern: name)
    // Fibonacci hashing: the product's top bits depend on all bits of the address.
    let slot = Int(truncatingIfNeeded: (UInt64(address) &* 0x9E37_79B9_7F4A_7C15) >> (64 - UInt64(Self.bits)))
    if entries[slot].address == address { return entries[slot].name }
    guard let name = unsafe name else { return "" }
    var string = unsafe String(cString: name)
    if string.utf8.contains(UInt8(ascii: "&")) {
      var bytes: [UInt8] = []
      string.withUTF8 { unsafe Ampersands.append($0, to: &bytes) }
      string = String(decoding: bytes, as: UTF8.self)
    }
    if string == contentNamespace { string = XMLNamespace.client }
    entries[slot] = Entry(address: address, name: string)
    return string
  }
}
