import TLSEngine

@testable import XMPP

/// Links as the TLS engine describes them, with made-up channel bindings.
extension TLSFacts {
  /// 0, 1, 2 … 31.
  static let exporter = [UInt8](0..<32)
  /// 0, 1, 2 … 11.
  static let finished = [UInt8](0..<12)
  static let certificateHash = [UInt8](repeating: 0xCE, count: 32)

  static let version13 = TLSFacts(
    version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", leafSHA256: certificateHash,
    channelBindings: [.tlsExporter: exporter, .tlsServerEndPoint: certificateHash])
  static let version12 = TLSFacts(
    version: "TLSv1.2", cipher: "ECDHE-ECDSA-AES256-GCM-SHA384", leafSHA256: certificateHash,
    channelBindings: [.tlsUnique: finished, .tlsServerEndPoint: certificateHash])
  static let unbindable = TLSFacts(
    version: "TLSv1.2", cipher: "ECDHE-ECDSA-AES256-GCM-SHA384", leafSHA256: certificateHash, channelBindings: [:])
}

extension SASLCredentials {
  static let user = SASLCredentials(username: "user", password: Array("pencil".utf8))
}

extension SASLClient {
  /// A client with the nonce of RFC 7677's example, unless told otherwise.
  init(
    _ credentials: SASLCredentials = .user, offered: [String], types: [String]? = nil, tls: TLSFacts? = .version13,
    allowPlaintextPlain: Bool = false, minimum: String? = nil, cachedKeys: SCRAMKeys? = nil,
    nonce: String = "rOprNGfwEbeRWgbNEkqO"
  ) throws(SASLError) {
    try self.init(
      credentials: credentials, offered: offered, channelBindingTypesOffered: types, tls: tls,
      allowPlaintextPlain: allowPlaintextPlain, minimumMechanism: minimum, cachedKeys: cachedKeys, nonce: nonce)
  }

  /// Takes the server's first message and derives keys on the spot.
  mutating func answer(_ serverFirst: String) throws(SASLError) -> String {
    switch try challenge(Array(serverFirst.utf8)) {
    case .respond(let response): String(decoding: response, as: UTF8.self)
    case .derive(let request): String(decoding: try derived(request.derive()), as: UTF8.self)
    }
  }
}

/// The server's side of SCRAM as RFC 5802 §3 describes it: it keeps StoredKey and ServerKey, and finds the ClientKey in
/// the proof.
struct SCRAMServer {
  let digest: Digest
  let storedKey: [UInt8]
  let serverKey: [UInt8]

  init(_ digest: Digest, password: String, salt: [UInt8], iterations: Int) {
    self.digest = digest
    let salted = Crypto.pbkdf2(digest, password: Array(password.utf8), salt: salt, iterations: iterations)
    storedKey = Crypto.hash(digest, Crypto.hmac(digest, key: salted, Array("Client Key".utf8)))
    serverKey = Crypto.hmac(digest, key: salted, Array("Server Key".utf8))
  }

  /// The final message for a client's, or nil if its proof is wrong.
  func answer(clientFirstBare: String, serverFirst: String, clientFinal: String) -> String? {
    guard let range = clientFinal.firstRange(of: ",p="),
      let proof = Base64.decode(String(clientFinal[range.upperBound...]))
    else { return nil }
    let signed = Array("\(clientFirstBare),\(serverFirst),\(clientFinal[..<range.lowerBound])".utf8)
    let clientKey = zip(proof, Crypto.hmac(digest, key: storedKey, signed)).map { $0 ^ $1 }
    guard Crypto.hash(digest, clientKey) == storedKey else { return nil }
    return "v=" + Base64.encode(Crypto.hmac(digest, key: serverKey, signed))
  }
}
