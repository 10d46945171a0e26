import TestSupport
import Testing

struct CertificatesTests {
  @Test("signs server certificates that verify against the CA")
  func issues() async throws {
    let certificates = try await Certificates()
    let pair = try await certificates.issue("server", names: ["DNS:xmpp.example", "IP:127.0.0.1"])
    let output = try await ChildProcess.run(
      "openssl",
      ["verify", "-CAfile", certificates.authority, "-verify_hostname", "xmpp.example", pair.certificate])
    #expect(output.contains("OK"))
    #expect(try await Certificates.fingerprint(pair.certificate).count == 64)
  }

  @Test("makes certificates that must be refused")
  func refusable() async throws {
    let certificates = try await Certificates()
    let expired = try await certificates.issue("expired", expired: true)
    let own = try await certificates.selfSigned("own")
    for pair in [expired, own] {
      await #expect(throws: TestFailure.self) {
        try await ChildProcess.run("openssl", ["verify", "-CAfile", certificates.authority, pair.certificate])
      }
    }
  }
}
