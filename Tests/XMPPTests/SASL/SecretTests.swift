import TLSEngine
import Testing

@testable import XMPP

@Suite("Secrets stay unseen")
struct SecretTests {
  /// All that a value can be made to say of itself.
  private func everything(_ value: some Any) -> String {
    var text = "\(value)\n\(String(reflecting: value))\n"
    dump(value, to: &text, maxDepth: 100)
    return text
  }

  /// The forms in which the bytes of a secret could turn up.
  private func forms(of secret: [UInt8]) -> [String] {
    [
      String(decoding: secret, as: UTF8.self), "\(secret)", secret.map { "- \($0)" }.joined(separator: "\n"),
      secret.prefix(4).map(String.init).joined(separator: ", "), Base64.encode(secret),
    ]
  }

  @Test("no description or dump shows a password or a key")
  func hidesSecrets() throws {
    let password = Array("pencil".utf8)
    let request = SCRAMKeyRequest(
      digest: .sha256, password: password, salt: Base64.decode("W22ZaJ0SNY7soEsUEjb6gQ==") ?? [], iterations: 4096)
    let keys = request.derive()
    let secrets = [password, keys.clientKey.bytes, keys.serverKey.bytes].flatMap(forms)
    var scram = try SASLClient(offered: ["SCRAM-SHA-256"], tls: nil, cachedKeys: keys)
    let plain = try SASLClient(offered: ["PLAIN"])
    var texts = [everything(SASLCredentials.user), everything(request), everything(keys), everything(plain)]
    texts.append(everything(scram))
    _ = scram.initialResponse()
    texts.append(everything(scram))
    let step = try scram.challenge(Array(SCRAMRefusalTests.serverFirst.utf8))
    texts += [everything(scram), everything(step), everything(SASLStep.derive(request))]
    for text in texts {
      for secret in secrets { #expect(!text.contains(secret), "\(secret) in \(text)") }
    }
    #expect("\(step)".hasPrefix("respond("))
    #expect("\(SASLStep.derive(request))" == "derive")
  }

  @Test("equal secrets are equal, others are not")
  func compares() {
    #expect(SASLCredentials.user == SASLCredentials(username: "user", password: Array("pencil".utf8)))
    #expect(SASLCredentials.user != SASLCredentials(username: "user", password: Array("pencils".utf8)))
  }
}
