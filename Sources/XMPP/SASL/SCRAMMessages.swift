import TLSEngine

/// The server's first message (RFC 5802 §7).
struct SCRAMServerFirst: Sendable, Equatable {
  /// The message as it came, for the signatures.
  let bytes: [UInt8]
  let nonce: [UInt8]
  let salt: [UInt8]
  /// The decimal digits of the count.
  let iterations: String
  /// The `h` attribute of XEP-0474.
  let offerHash: [UInt8]?

  init(_ bytes: [UInt8]) throws(SASLError) {
    let attributes = try SCRAMAttribute.all(in: bytes)
    guard attributes.first?.name != UInt8(ascii: "m") else { throw .malformed("a mandatory extension is unknown") }
    guard attributes.count >= 3, attributes[0].name == UInt8(ascii: "r"), attributes[1].name == UInt8(ascii: "s"),
      attributes[2].name == UInt8(ascii: "i")
    else { throw .malformed("nonce, salt and iteration count are not in their places") }
    guard attributes[0].value.allSatisfy(Self.isPrintable) else { throw .malformed("the nonce is not printable") }
    guard let salt = Base64.decode(attributes[1].value), !salt.isEmpty else {
      throw .malformed("the salt is no Base64")
    }
    let digits = attributes[2].value
    guard digits.count <= 20, digits.allSatisfy({ (0x30...0x39).contains($0) }), digits.first != UInt8(ascii: "0")
    else {
      throw .malformed("the iteration count is no number")
    }
    self.bytes = bytes
    nonce = Array(attributes[0].value)
    self.salt = salt
    iterations = String(decoding: digits, as: UTF8.self)
    let hash = attributes.dropFirst(3).first { $0.name == UInt8(ascii: "h") }
    offerHash = try hash.map { hash throws(SASLError) in
      guard let decoded = Base64.decode(hash.value) else { throw .malformed("the hash of the offer is no Base64") }
      return decoded
    }
  }

  /// A character of a nonce: printable ASCII but the comma.
  static func isPrintable(_ character: UInt8) -> Bool {
    (0x21...0x7E).contains(character) && character != UInt8(ascii: ",")
  }
}

/// The server's final message (RFC 5802 §7).
enum SCRAMServerFinal: Equatable {
  case signature([UInt8])
  case refused(String)

  init(_ bytes: [UInt8]) throws(SASLError) {
    guard let first = try SCRAMAttribute.all(in: bytes).first else { throw .malformed("it is empty") }
    switch first.name {
    case UInt8(ascii: "v"):
      guard let signature = Base64.decode(first.value) else { throw .malformed("the signature is no Base64") }
      self = .signature(signature)
    case UInt8(ascii: "e"):
      // Registered values are words of ASCII; others are shown as far as they can be without harm to a log.
      self = .refused(String(decoding: first.value.prefix(64).filter(SCRAMServerFirst.isPrintable), as: UTF8.self))
    default:
      throw .malformed("neither a signature nor an error")
    }
  }
}

/// One `name=value` of a SCRAM message.
struct SCRAMAttribute {
  var name: UInt8
  var value: ArraySlice<UInt8>

  static func all(in message: [UInt8]) throws(SASLError) -> [Self] {
    var attributes: [Self] = []
    for part in message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard part.count > 2, let name = part.first, part.dropFirst().first == UInt8(ascii: "="),
        (0x41...0x5A).contains(name & 0xDF)
      else { throw .malformed("it is no list of attributes") }
      attributes.append(Self(name: name, value: part.dropFirst(2)))
    }
    return attributes
  }
}
