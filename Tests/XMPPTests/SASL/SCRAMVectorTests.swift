import TLSEngine
import Testing

@testable import XMPP

/// The vectors without a published source (SHA-512, those with channel binding) were computed with Python's hashlib and
/// hmac from the formulas of RFC 5802 §3; the same program gave the published ones.
@Suite("SCRAM vectors")
struct SCRAMVectorTests {
  struct Vector: CustomTestStringConvertible {
    var mechanism: String
    var source: String
    var tls: TLSFacts?
    var types: [String]?
    var offered: [String]?
    var authorizationID: String?
    var nonce = "rOprNGfwEbeRWgbNEkqO"
    var clientFirst: String
    var serverFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    var clientFinal: String
    var serverFinal: String

    var testDescription: String { "\(mechanism), \(source)" }
  }

  static let vectors = [
    Vector(
      mechanism: "SCRAM-SHA-1", source: "RFC 5802 §5", nonce: "fyko+d2lbbFgONRv9qkxdawL",
      clientFirst: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
      serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
    Vector(
      mechanism: "SCRAM-SHA-256", source: "RFC 7677 §3",
      clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      clientFinal: """
        c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=
        """,
      serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
    Vector(
      mechanism: "SCRAM-SHA-512", source: "user, salt and nonce of RFC 7677",
      clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      clientFinal: """
        c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
        p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==
        """,
      serverFinal: "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="),
    Vector(
      mechanism: "SCRAM-SHA-1-PLUS", source: "tls-exporter", tls: .version13, types: ["tls-exporter"],
      clientFirst: "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      clientFinal: """
        c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,\
        r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=/QKgZNBHelOsjZPTvucb5s4VtQE=
        """,
      serverFinal: "v=tK3UShY5jkJWC9Q52aNEU6Ba6Is="),
    Vector(
      mechanism: "SCRAM-SHA-256-PLUS", source: "tls-exporter", tls: .version13, types: ["tls-exporter"],
      clientFirst: "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      clientFinal: """
        c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,\
        r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=
        """,
      serverFinal: "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs="),
    Vector(
      mechanism: "SCRAM-SHA-512-PLUS", source: "tls-exporter", tls: .version13, types: ["tls-exporter"],
      clientFirst: "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      clientFinal: """
        c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,\
        r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
        p=jVaGV/PIJ7hgkpxV9a1jdpzyYkHQH9gW6fn3DbAL2oEA+5w4CCSJjoq8G37bn2FsGaVEMsk4kiHRqMUoN/aiiA==
        """,
      serverFinal: "v=bTvxua5nsJsvSd2bk+1WbSe84MBgjkACQPOqiN7MhTBLYxVX2QUqwET2NLcZEv2CfexR6NbAMluKltOEs5vLYw=="),
    Vector(
      mechanism: "SCRAM-SHA-256-PLUS", source: "tls-unique and an authorization identity", tls: .version12,
      authorizationID: "bot@example.org",
      clientFirst: "p=tls-unique,a=bot@example.org,n=user,r=rOprNGfwEbeRWgbNEkqO",
      clientFinal: """
        c=cD10bHMtdW5pcXVlLGE9Ym90QGV4YW1wbGUub3JnLAABAgMEBQYHCAkKCw==,\
        r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dW0gB3QWfiQz8B8p2rcDIvUsyLz1kknCBfqM/QvmZGw=
        """,
      serverFinal: "v=V5OqWtOlUuVTz5psh/BeGalXQqCcVggqxtgN9AaRR/k="),
    Vector(
      mechanism: "SCRAM-SHA-256", source: "-PLUS struck out of the offer", tls: .version13,
      clientFirst: "y,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      clientFinal: """
        c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=
        """,
      serverFinal: "v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U="),
    Vector(
      mechanism: "SCRAM-SHA-1-PLUS", source: "XEP-0474 §5.3 without its x attribute",
      tls: TLSFacts(
        version: "TLSv1.3", cipher: "", leafSHA256: [],
        channelBindings: [.tlsExporter: Array("THIS IS FAKE CB DATA".utf8)]),
      types: ["tls-server-end-point", "tls-exporter"], offered: ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"],
      nonce: "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6",
      clientFirst: "p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6",
      serverFirst: """
        r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,s=QSXCR+Q6sek8bf92,i=4096,\
        h=G6k/rBLDqgOhRRaCuuatSDFkJ08=
        """,
      clientFinal: """
        c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,\
        r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6,p=NWgTsQJvWgbXKxbqd3P4BNurjkU=
        """,
      serverFinal: "v=EMsYR2n9LecK8qm5xR19xuvM1jw="),
  ]

  private func client(_ vector: Vector) throws -> SASLClient {
    var credentials = SASLCredentials.user
    credentials.authorizationID = vector.authorizationID
    return try SASLClient(
      credentials, offered: vector.offered ?? [vector.mechanism], types: vector.types, tls: vector.tls,
      nonce: vector.nonce)
  }

  @Test("says what the vector says, and accepts the signature in success", arguments: vectors)
  func followsVector(vector: Vector) throws {
    var client = try client(vector)
    #expect(client.mechanism == vector.mechanism)
    #expect(client.initialResponse() == Array(vector.clientFirst.utf8))
    #expect(client.keys == nil)
    #expect(try client.answer(vector.serverFirst) == vector.clientFinal)
    #expect(client.keys != nil)
    try client.succeeded(Array(vector.serverFinal.utf8))
  }

  @Test("accepts the signature in a last challenge too", arguments: vectors)
  func acceptsSignatureInChallenge(vector: Vector) throws {
    var client = try client(vector)
    _ = client.initialResponse()
    _ = try client.answer(vector.serverFirst)
    #expect(try client.challenge(Array(vector.serverFinal.utf8)) == .respond([]))
    try client.succeeded(nil)
  }

  @Test(
    "convinces a server, whatever hash, password and count",
    arguments: [Digest.sha1, .sha256, .sha512], ["pencil", "p=,;ß\u{2168}", String(repeating: "long ", count: 50)])
  func convincesServer(digest: Digest, password: String) throws {
    let name =
      switch digest {
      case .sha1: "SCRAM-SHA-1-PLUS"
      case .sha256: "SCRAM-SHA-256-PLUS"
      case .sha512: "SCRAM-SHA-512-PLUS"
      }
    let salt = [UInt8](repeating: 0xA5, count: 7)
    // What SASLprep makes of the Roman numeral.
    let server = SCRAMServer(
      digest, password: password.replacing("\u{2168}", with: "IX"), salt: salt, iterations: 5000)
    var client = try SASLClient(
      SASLCredentials(username: "a=b,c", password: Array(password.utf8)), offered: [name], types: ["tls-exporter"])
    let clientFirst = String(decoding: client.initialResponse() ?? [], as: UTF8.self)
    #expect(clientFirst == "p=tls-exporter,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO")
    let serverFirst = "r=rOprNGfwEbeRWgbNEkqO/server,s=\(Base64.encode(salt)),i=5000,x=an extension"
    let clientFinal = try client.answer(serverFirst)
    let serverFinal = server.answer(
      clientFirstBare: String(clientFirst.dropFirst("p=tls-exporter,,".count)), serverFirst: serverFirst,
      clientFinal: clientFinal)
    try client.succeeded(Array(try #require(serverFinal).utf8))
  }
}
