public import TLSEngine

/// What a challenge calls for.
public enum SASLStep: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Send this response; it may be empty.
  case respond([UInt8])
  /// Derive these keys, away from the event loop, and hand them to `SASLClient.derived`.
  case derive(SCRAMKeyRequest)

  /// Which step, without what is in it: a response is worth guessing passwords against.
  public var description: String {
    switch self {
    case .respond(let bytes): "respond(\(bytes.count) bytes)"
    case .derive: "derive"
    }
  }
  /// As `description`.
  public var debugDescription: String { description }
  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// One login by SASL (RFC 4422): chooses the mechanism, then answers the server. Bytes are those of the mechanism, before
/// Base64. No description of it shows a password or a key.
public struct SASLClient: Sendable {
  private enum Exchange {
    case scram(SCRAM)
    /// PLAIN or EXTERNAL: one message, and the server says yes or no.
    case single(Secret)
  }

  private let choice: SASLOffer.Choice
  private var exchange: Exchange
  private var begun = false

  /// Chooses the strongest mechanism that is offered and can be used: EXTERNAL, then SCRAM with channel binding, SCRAM,
  /// PLAIN; SHA-512 before SHA-256 before SHA-1.
  /// - Parameters:
  ///   - credentials: what to log in with.
  ///   - offered: the names of the mechanisms, exactly as the server listed them, unknown ones too.
  ///   - channelBindingTypesOffered: the types that the server announces (XEP-0440); nil: it announces none.
  ///   - tls: the facts of the link; nil: it has no TLS.
  ///   - allowPlaintextPlain: whether PLAIN may be used on a link without TLS.
  ///   - minimumMechanism: the name of the strongest mechanism that has worked before. A weaker one is refused, unless
  ///     the difference lies in our own configuration.
  ///   - cachedKeys: the `keys` of an earlier login; used if password, salt, count and hash are still the same.
  ///   - nonce: fresh random text, printable ASCII without commas, at least 128 bits' worth.
  /// - Throws: `SASLError.noMechanism`, `.downgraded`, `.unusableCredentials`.
  public init(
    credentials: SASLCredentials, offered: [String], channelBindingTypesOffered: [String]?, tls: TLSFacts?,
    allowPlaintextPlain: Bool, minimumMechanism: String?, cachedKeys: SCRAMKeys?, nonce: String
  ) throws(SASLError) {
    let offer = SASLOffer(mechanisms: offered, channelBindingTypes: channelBindingTypesOffered)
    choice = try offer.choose(
      for: credentials, tls: tls, allowPlaintextPlain: allowPlaintextPlain,
      minimum: minimumMechanism.flatMap(SASLMechanism.init(rawValue:)))
    if let digest = choice.mechanism.digest {
      exchange = .scram(
        try SCRAM(
          digest: digest, offer: offer, choice: choice, credentials: credentials, cachedKeys: cachedKeys, nonce: nonce))
    } else if choice.mechanism == .external {
      exchange = .single(Secret(Array((credentials.authorizationID ?? "").utf8)))
    } else {
      exchange = .single(try Self.plain(credentials))
    }
  }

  /// The name of the chosen mechanism: what to send, and what to remember as `minimumMechanism` once it has worked.
  public var mechanism: String { choice.mechanism.rawValue }

  /// The keys of this login, to be given to the next one; nil before they are known, and for other mechanisms than SCRAM.
  public var keys: SCRAMKeys? {
    guard case .scram(let scram) = exchange else { return nil }
    return scram.keys
  }

  /// What to send along with the mechanism's name; all mechanisms here begin with the client. An empty response is one
  /// (`=` in RFC 6120 §6.4.2).
  public mutating func initialResponse() -> [UInt8]? {
    begun = true
    switch exchange {
    case .single(let message): return message.bytes
    case .scram(var scram):
      let message = scram.clientFirst()
      exchange = .scram(scram)
      return message
    }
  }

  /// Takes a challenge.
  /// - Throws: any `SASLError` but those of `init`; the login is over then.
  public mutating func challenge(_ data: [UInt8]) throws(SASLError) -> SASLStep {
    guard case .scram(var scram) = exchange else { throw .malformed("\(mechanism) knows no challenge") }
    defer { exchange = .scram(scram) }
    return try scram.challenge(data)
  }

  /// Takes the keys that `SASLStep.derive` asked for, and returns the response to send.
  /// - Throws: `SASLError.malformed` if these were not asked for.
  public mutating func derived(_ keys: SCRAMKeys) throws(SASLError) -> [UInt8] {
    guard case .scram(var scram) = exchange else { throw .malformed("\(mechanism) needs no keys") }
    defer { exchange = .scram(scram) }
    return try scram.derived(keys)
  }

  /// Takes the server's success with the data that came along; returns only if the server is who it should be.
  /// - Throws: `SASLError.serverNotAuthentic` and others: the success is not to be believed.
  public mutating func succeeded(_ data: [UInt8]?) throws(SASLError) {
    guard begun else { throw .serverNotAuthentic("success before the exchange was begun") }
    guard case .scram(var scram) = exchange else { return }
    defer { exchange = .scram(scram) }
    try scram.succeeded(data)
  }

  /// RFC 4616 §2.
  private static func plain(_ credentials: SASLCredentials) throws(SASLError) -> Secret {
    let username = try SASLprep.prepare(Array(credentials.username.utf8), as: "username")
    let password = try SASLprep.prepare(credentials.password?.bytes ?? [], as: "password")
    let authorizationID = Array((credentials.authorizationID ?? "").utf8)
    guard !authorizationID.contains(0) else { throw .unusableCredentials("the authorization identity holds U+0000") }
    return Secret(authorizationID + [0] + username + [0] + password)
  }
}
