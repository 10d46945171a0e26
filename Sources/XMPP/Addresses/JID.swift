/// An XMPP address (RFC 7622) in its normal form: `localpart@domainpart/resourcepart`, the first and the last optional.
///
/// Localpart and domain are in lower case, the resource keeps its case; all are in Unicode's Normalization Form C, and
/// A-labels of the domain are U-labels. Two addresses are equal if and only if their normal forms are, byte for byte.
public struct JID: Sendable, Hashable, CustomStringConvertible {
  /// The normal form.
  public let description: String
  /// Where the `@` stands; nil without a localpart.
  private let at: UInt16?
  /// Where the domain ends: at the first `/`, or at the end.
  private let domainEnd: UInt16

  /// The most bytes of UTF-8 each part may have.
  public static let partLimit = 1023

  private init(trusted text: String, at: Int?, domainEnd: Int) {
    description = text
    self.at = at.map { UInt16(truncatingIfNeeded: $0) }
    self.domainEnd = UInt16(truncatingIfNeeded: domainEnd)
  }

  /// Reads and normalises an address.
  ///
  /// - Parameter text: for example `Alice@Example.org/phone`.
  /// - Throws: `JIDError` if RFC 7622 does not permit it.
  public init(_ text: String) throws(JIDError) {
    if let plain = JID(plain: text) {
      self = plain
      return
    }
    let utf8 = text.utf8
    let slash = utf8.firstIndex(of: UInt8(ascii: "/"))
    let bare = text[..<(slash ?? text.endIndex)]
    let at = bare.utf8.firstIndex(of: UInt8(ascii: "@"))
    try self.init(
      localpart: at.map { String(bare[..<$0]) },
      domainpart: String(at.map { bare[utf8.index(after: $0)...] } ?? bare),
      resourcepart: slash.map { String(text[utf8.index(after: $0)...]) })
  }

  /// Normalises the parts of an address, each without its separator.
  ///
  /// - Throws: `JIDError` if RFC 7622 does not permit one of them; an empty part is an error, an absent one is nil.
  public init(localpart: String?, domainpart: String, resourcepart: String? = nil) throws(JIDError) {
    var text = ""
    var at: Int?
    if let localpart {
      text = try Self.localpart(localpart)
      at = text.utf8.count
      text += "@"
    }
    text += try Self.domainpart(domainpart)
    let domainEnd = text.utf8.count
    if let resourcepart { text += "/" + (try Self.resourcepart(resourcepart)) }
    self.init(trusted: text, at: at, domainEnd: domainEnd)
  }

  /// What stands before the `@`, if anything does.
  public var localpart: String? {
    at.map { String(decoding: description.utf8.prefix(Int($0)), as: UTF8.self) }
  }

  /// The domain.
  public var domainpart: String {
    let start = at.map { Int($0) + 1 } ?? 0
    if start == 0, isBare { return description }
    return String(decoding: description.utf8.prefix(Int(domainEnd)).dropFirst(start), as: UTF8.self)
  }

  /// What stands behind the first `/`, if anything does.
  public var resourcepart: String? {
    isBare ? nil : String(decoding: description.utf8.dropFirst(Int(domainEnd) + 1), as: UTF8.self)
  }

  /// Whether there is no resource.
  public var isBare: Bool {
    Int(domainEnd) == description.utf8.count
  }

  /// The address without its resource.
  public var bare: JID {
    guard !isBare else { return self }
    let text = String(decoding: description.utf8.prefix(Int(domainEnd)), as: UTF8.self)
    return JID(trusted: text, at: at.map { Int($0) }, domainEnd: Int(domainEnd))
  }

  /// The address of the domain alone.
  public var domain: JID {
    let text = domainpart
    return JID(trusted: text, at: nil, domainEnd: text.utf8.count)
  }

  /// Whether both have the same bare address; cheaper than comparing `bare`.
  public func isSameBare(as other: JID) -> Bool {
    guard domainEnd == other.domainEnd else { return false }
    let mine = description.utf8.span
    let others = other.description.utf8.span
    for index in 0..<Int(domainEnd) where mine[index] != others[index] { return false }
    return true
  }

  /// The bare address with another resource.
  ///
  /// - Throws: `JIDError` if RFC 7622 does not permit the resource.
  public func with(resource: String) throws(JIDError) -> JID {
    let text = String(decoding: description.utf8.prefix(Int(domainEnd)), as: UTF8.self)
    return JID(
      trusted: text + "/" + (try Self.resourcepart(resource)), at: at.map { Int($0) }, domainEnd: Int(domainEnd))
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    // A string hashes what it is canonically equivalent to; this one is in normal form, so its bytes will do.
    unsafe description.utf8.span.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  }
}

// MARK: - Reading

extension JID {
  /// An address that already is in normal form and is of ASCII, as nearly every one is: it is looked at once.
  ///
  /// Nil says only that the full rules have to decide.
  private init?(plain text: String) {
    let bytes = text.utf8.span
    guard bytes.count <= Self.partLimit else { return nil }
    var at: Int?
    var labelStart = 0
    var index = 0
    scan: while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "@"):
        guard at == nil, index > 0 else { return nil }
        at = index
        labelStart = index + 1
      case UInt8(ascii: "/"):
        break scan
      default:
        guard Self.isPlain(byte) else { return nil }
      }
      index += 1
    }
    let domainEnd = index
    index = labelStart
    var labelEnd = labelStart
    // Hyphens make a label special in three places; whoever has one there is not plain.
    while index <= domainEnd {
      if index == domainEnd || bytes[index] == UInt8(ascii: ".") {
        labelEnd = index
        let count = labelEnd - labelStart
        guard count > 0, count <= DomainName.labelLimit, bytes[labelStart] != UInt8(ascii: "-"),
          bytes[labelEnd - 1] != UInt8(ascii: "-"), count < 4 || bytes[labelStart + 3] != UInt8(ascii: "-")
        else { return nil }
        labelStart = index + 1
      } else if !Self.isHostByte(bytes[index]) {
        return nil
      }
      index += 1
    }
    if domainEnd < bytes.count {
      guard domainEnd + 1 < bytes.count else { return nil }
      for index in (domainEnd + 1)..<bytes.count where !(0x20...0x7E).contains(bytes[index]) { return nil }
    }
    self.init(trusted: text, at: at, domainEnd: domainEnd)
  }

  /// Whether a byte may stand in a localpart and is its own lower case.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x22, 0x26, 0x27, 0x2F, 0x3A, 0x3C, 0x3E, 0x40, 0x41...0x5A: false
    default: (0x21...0x7E).contains(byte)
    }
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
  }

  private static func localpart(_ text: String) throws(JIDError) -> String {
    let normal = try enforce(.localpart, text) { scalars throws(PRECIS.Failure) in
      try PRECIS.usernameCaseMapped(scalars)
    }
    for scalar in normal.unicodeScalars {
      switch scalar {
      case "\"", "&", "'", "/", ":", "<", ">", "@": throw JIDError(.localpart, .forbidden(scalar))
      default: continue
      }
    }
    return normal
  }

  private static func domainpart(_ text: String) throws(JIDError) -> String {
    try limit(text, to: .domainpart, factor: inputFactor)
    let normal = try DomainName.normalized(text)
    try limit(normal, to: .domainpart)
    return normal
  }

  private static func resourcepart(_ text: String) throws(JIDError) -> String {
    try enforce(.resourcepart, text) { scalars throws(PRECIS.Failure) in try PRECIS.opaqueString(scalars) }
  }

  /// Normalising may shorten a text, but hardly by more than this; longer input is not even looked at.
  private static let inputFactor = 4

  private static func enforce(
    _ part: JIDError.Part, _ text: String, profile: ([UInt32]) throws(PRECIS.Failure) -> [UInt32]
  ) throws(JIDError) -> String {
    try limit(text, to: part, factor: inputFactor)
    let scalars: [UInt32]
    do {
      scalars = try profile(text.unicodeScalars.map(\.value))
    } catch {
      throw JIDError(part, JIDError.Reason(error))
    }
    var normal = ""
    for scalar in scalars.lazy.compactMap(Unicode.Scalar.init) { normal.unicodeScalars.append(scalar) }
    try limit(normal, to: part)
    return normal
  }

  private static func limit(_ text: String, to part: JIDError.Part, factor: Int = 1) throws(JIDError) {
    guard text.utf8.count <= partLimit * factor else { throw JIDError(part, .tooLong(limit: partLimit)) }
  }
}

extension JIDError.Reason {
  fileprivate init(_ failure: PRECIS.Failure) {
    switch failure {
    case .empty: self = .empty
    case .forbidden(let scalar): self = .forbidden(Unicode.Scalar(scalar) ?? "\u{FFFD}")
    case .outOfContext(let scalar): self = .outOfContext(Unicode.Scalar(scalar) ?? "\u{FFFD}")
    case .mixedDirections: self = .mixedDirections
    case .unstable: self = .unstable
    }
  }
}
