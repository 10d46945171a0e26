import TLSEngine

/// The client's side of a SCRAM exchange (RFC 5802, RFC 7677), with the downgrade protection of XEP-0474.
struct SCRAM: Sendable {
  /// The iteration counts that are accepted: RFC 7677 §4 asks for at least 4096, and beyond the upper bound a server
  /// could keep a core busy at will.
  static let iterations = 4096...1_000_000

  private enum State {
    case initial
    case sentFirst
    case deriving(SCRAMKeyRequest, serverFirst: SCRAMServerFirst)
    case sentFinal(serverSignature: [UInt8])
    case verified
    case over
  }

  private let digest: Digest
  private let offer: SASLOffer
  private let choice: SASLOffer.Choice
  private let password: Secret
  private let cachedKeys: SCRAMKeys?
  private let nonce: String
  private let gs2Header: String
  private let clientFirstBare: String
  private var state = State.initial
  /// The keys of this exchange, once known.
  private(set) var keys: SCRAMKeys?

  init(
    digest: Digest, offer: SASLOffer, choice: SASLOffer.Choice, credentials: SASLCredentials, cachedKeys: SCRAMKeys?,
    nonce: String
  ) throws(SASLError) {
    guard !nonce.isEmpty, nonce.utf8.allSatisfy(SCRAMServerFirst.isPrintable) else {
      throw .unusableCredentials("a nonce is printable ASCII without commas")
    }
    self.digest = digest
    self.offer = offer
    self.choice = choice
    self.cachedKeys = cachedKeys
    self.nonce = nonce
    password = Secret(try SASLprep.prepare(credentials.password?.bytes ?? [], as: "password"))
    let username = try SASLprep.prepare(Array(credentials.username.utf8), as: "username")
    clientFirstBare = "n=\(Self.escaped(String(decoding: username, as: UTF8.self))),r=\(nonce)"
    let flag =
      switch choice.channelBinding {
      case .none: "n"
      case .notOffered: "y"
      case .used(let type, _): "p=\(type.rawValue)"
      }
    gs2Header = "\(flag),\(credentials.authorizationID.map { "a=\(Self.escaped($0))" } ?? ""),"
  }

  mutating func clientFirst() -> [UInt8] {
    state = .sentFirst
    return Array((gs2Header + clientFirstBare).utf8)
  }

  mutating func challenge(_ data: [UInt8]) throws(SASLError) -> SASLStep {
    let current = state
    // Whatever throws below ends the exchange: nothing that comes later can make it a success.
    state = .over
    switch current {
    case .sentFirst:
      let serverFirst = try SCRAMServerFirst(data)
      let request = try accept(serverFirst)
      if let cachedKeys, cachedKeys.request == request {
        return .respond(clientFinal(cachedKeys, serverFirst))
      }
      state = .deriving(request, serverFirst: serverFirst)
      return .derive(request)
    case .sentFinal(let serverSignature):
      try verify(data, serverSignature)
      state = .verified
      return .respond([])
    case .initial, .deriving, .verified, .over:
      throw .malformed("a challenge out of turn")
    }
  }

  mutating func derived(_ keys: SCRAMKeys) throws(SASLError) -> [UInt8] {
    guard case .deriving(let request, let serverFirst) = state, keys.request == request else {
      throw .malformed("keys that were not asked for")
    }
    return clientFinal(keys, serverFirst)
  }

  mutating func succeeded(_ data: [UInt8]?) throws(SASLError) {
    let current = state
    state = .over
    switch current {
    case .sentFinal(let serverSignature):
      guard let data, !data.isEmpty else { throw .serverNotAuthentic("success without a signature") }
      try verify(data, serverSignature)
    case .verified: break
    case .initial, .sentFirst, .deriving, .over:
      throw .serverNotAuthentic("success before the exchange was over")
    }
  }

  /// Checks what the server chose (RFC 5802 §5.1), and its offer if it signs that.
  private func accept(_ message: SCRAMServerFirst) throws(SASLError) -> SCRAMKeyRequest {
    guard message.nonce.starts(with: nonce.utf8), message.nonce.count > nonce.utf8.count else {
      throw .serverNotAuthentic("its nonce does not continue ours")
    }
    guard let iterations = Int(message.iterations), Self.iterations.contains(iterations) else {
      throw .iterations(message.iterations)
    }
    if let hash = message.offerHash {
      guard Crypto.constantTimeEqual(hash, offer.hash(digest)) else {
        throw .downgraded("what the server offers is not what has reached us")
      }
    } else if let suspicion = choice.suspicion {
      throw .downgraded(suspicion)
    }
    return SCRAMKeyRequest(digest: digest, password: password.bytes, salt: message.salt, iterations: iterations)
  }

  private mutating func clientFinal(_ keys: SCRAMKeys, _ serverFirst: SCRAMServerFirst) -> [UInt8] {
    self.keys = keys
    var binding = Array(gs2Header.utf8)
    if case .used(_, let data) = choice.channelBinding { binding += data }
    var message = Array("c=\(Base64.encode(binding)),r=".utf8) + serverFirst.nonce
    let signed = Array("\(clientFirstBare),".utf8) + serverFirst.bytes + Array(",".utf8) + message
    let storedKey = Crypto.hash(digest, keys.clientKey.bytes)
    let proof = zip(keys.clientKey.bytes, Crypto.hmac(digest, key: storedKey, signed)).map { $0 ^ $1 }
    message += Array(",p=\(Base64.encode(proof))".utf8)
    state = .sentFinal(serverSignature: Crypto.hmac(digest, key: keys.serverKey.bytes, signed))
    return message
  }

  private func verify(_ data: [UInt8], _ serverSignature: [UInt8]) throws(SASLError) {
    switch try SCRAMServerFinal(data) {
    case .refused(let text): throw .refused(text)
    case .signature(let signature):
      guard Crypto.constantTimeEqual(signature, serverSignature) else {
        throw .serverNotAuthentic("its signature is wrong")
      }
    }
  }

  /// The saslname of RFC 5802 §7.
  private static func escaped(_ text: String) -> String {
    String(
      text.unicodeScalars.reduce(into: "") { escaped, scalar in
        switch scalar {
        case "=": escaped += "=3D"
        case ",": escaped += "=2C"
        default: escaped.unicodeScalars.append(scalar)
        }
      })
  }
}
