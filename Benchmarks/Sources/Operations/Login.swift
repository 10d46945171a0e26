import XMPP

extension Operation {
  /// A login: what a thousand accounts cost when the server comes back.
  static let login = [
    // The example of RFC 5802 §5 with its 4096 iterations, nearly all of it in OpenSSL.
    Operation("scram.sha1", repetitions: 4) {
      { try sum($0) { try login(keys: nil).proof.count } }
    },
    // The next login of the same account, with the keys of the first.
    Operation("scram.sha1.cached", repetitions: 200) {
      let keys = try login(keys: nil).keys
      return { try sum($0) { try login(keys: keys).proof.count } }
    },
  ]

  private static func login(keys: SCRAMKeys?) throws -> (proof: [UInt8], keys: SCRAMKeys?) {
    var client = try SASLClient(
      credentials: SASLCredentials(username: "user", password: Array("pencil".utf8)),
      offered: ["SCRAM-SHA-1", "PLAIN"],
      channelBindingTypesOffered: nil, tls: nil, allowPlaintextPlain: false, minimumMechanism: nil, cachedKeys: keys,
      nonce: "fyko+d2lbbFgONRv9qkxdawL")
    _ = client.initialResponse()
    let challenge = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
    switch try client.challenge(Array(challenge.utf8)) {
    case .respond(let proof): return (proof, client.keys)
    case .derive(let request):
      let proof = try client.derived(request.derive())
      return (proof, client.keys)
    }
  }
}
