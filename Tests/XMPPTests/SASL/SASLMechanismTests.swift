import TLSEngine
import Testing

@testable import XMPP

@Suite("Choice of the SASL mechanism")
struct SASLMechanismTests {
  static let everything = SASLMechanism.allCases.map(\.rawValue) + ["DIGEST-MD5", "X-OAUTH2"]
  static let all = ["tls-server-end-point", "tls-unique", "tls-exporter"]

  @Test("the strongest that is offered, in whatever order")
  func takesStrongest() throws {
    var credentials = SASLCredentials.user
    credentials.external = true
    var offered = Self.everything
    var taken: [String] = []
    while offered.count > 2 {
      let client = try SASLClient(credentials, offered: offered.shuffled(), types: Self.all)
      taken.append(client.mechanism)
      offered.removeAll { $0 == client.mechanism }
    }
    #expect(
      taken == [
        "EXTERNAL", "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-256",
        "SCRAM-SHA-1", "PLAIN",
      ])
    let error = #expect(throws: SASLError.self) { try SASLClient(credentials, offered: offered) }
    #expect(
      error?.description
        == "no usable SASL mechanism: none of them is supported; the server offers DIGEST-MD5 X-OAUTH2")
  }

  @Test("EXTERNAL only with a certificate, over TLS")
  func limitsExternal() throws {
    #expect(try SASLClient(offered: ["EXTERNAL", "PLAIN"]).mechanism == "PLAIN")
    let certificate = SASLCredentials(username: "user", password: nil, external: true)
    #expect(try SASLClient(certificate, offered: Self.everything).mechanism == "EXTERNAL")
    #expect(throws: SASLError.noMechanism(offered: ["EXTERNAL"], reason: "EXTERNAL needs TLS")) {
      try SASLClient(certificate, offered: ["EXTERNAL"], tls: nil)
    }
    #expect(
      throws: SASLError.noMechanism(offered: ["PLAIN"], reason: "without a password only EXTERNAL is possible")
    ) {
      try SASLClient(certificate, offered: ["PLAIN"])
    }
    let nothing = SASLCredentials(username: "user", password: nil)
    #expect(throws: SASLError.self) { try SASLClient(nothing, offered: Self.everything) }
  }

  @Test("PLAIN only over TLS, or where it is allowed")
  func limitsPlain() throws {
    #expect(try SASLClient(offered: ["PLAIN"]).mechanism == "PLAIN")
    #expect(try SASLClient(offered: ["PLAIN"], tls: nil, allowPlaintextPlain: true).mechanism == "PLAIN")
    let error = #expect(throws: SASLError.self) { try SASLClient(offered: ["PLAIN"], tls: nil) }
    #expect(
      error?.description == "no usable SASL mechanism: PLAIN is not used without TLS; the server offers PLAIN")
  }

  @Test(
    "the channel binding and the flag that says so",
    arguments: [
      // offered, announced types, link, first bytes of the response
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], all, TLSFacts.version13, "p=tls-exporter,,"),
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], all, .version12, "p=tls-unique,,"),
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], ["tls-server-end-point"], .version13, "p=tls-server-end-point,,"),
      (
        ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], ["tls-unique", "tls-server-end-point"], .version13,
        "p=tls-server-end-point,,"
      ),
      // Not announced: TLS 1.2 has a default, the default of TLS 1.3 is taken where there is nothing else.
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], nil, .version12, "p=tls-unique,,"),
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], nil, .version13, "n,,"),
      (["SCRAM-SHA-1-PLUS"], nil, .version13, "p=tls-exporter,,"),
      // Nothing in common.
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], ["tls-unique"], .version13, "n,,"),
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], [], .version13, "n,,"),
      // No -PLUS: the server shall know that we would have.
      (["SCRAM-SHA-1"], nil, .version13, "y,,"), (["SCRAM-SHA-1"], all, .version13, "y,,"),
      (["SCRAM-SHA-1", "EXTERNAL"], nil, .version12, "y,,"),
      // We could not have.
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], all, .unbindable, "n,,"), (["SCRAM-SHA-1"], nil, .unbindable, "n,,"),
      (["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], all, nil, "n,,"), (["SCRAM-SHA-1"], nil, nil, "n,,"),
    ] as [([String], [String]?, TLSFacts?, String)])
  func flagsChannelBinding(offered: [String], types: [String]?, tls: TLSFacts?, header: String) throws {
    var client = try SASLClient(offered: offered, types: types, tls: tls)
    #expect(client.initialResponse() == Array("\(header)n=user,r=rOprNGfwEbeRWgbNEkqO".utf8))
    #expect(client.mechanism == (header.hasPrefix("p") ? "SCRAM-SHA-1-PLUS" : "SCRAM-SHA-1"))
  }

  @Test("only -PLUS and no channel binding in common: no login")
  func needsBinding() throws {
    let error = #expect(throws: SASLError.self) {
      try SASLClient(offered: ["SCRAM-SHA-1-PLUS"], types: ["tls-unique"])
    }
    #expect(error?.description.contains("there is no channel binding that both sides have") == true)
  }

  @Test("a list of channel bindings that looks tampered with needs the server's signature (XEP-0474)")
  func needsSignedOffer() throws {
    let offered = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"]
    let first = "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    // By Python's hashlib: SHA-1 of "SCRAM-SHA-1" U+001E "SCRAM-SHA-1-PLUS" U+001F "tls-unique".
    let signed = first + ",h=z5wgmuBp62FmG6y7e+z7IK30ges="
    var unsigned = try SASLClient(offered: offered, types: ["tls-unique"])
    _ = unsigned.initialResponse()
    let error = #expect(throws: SASLError.self) { try unsigned.challenge(Array(first.utf8)) }
    #expect(
      error?.description
        == """
        possible downgrade attack: of the channel bindings that the server announces (tls-unique) none exists here
        """)
    var confirmed = try SASLClient(offered: offered, types: ["tls-unique"])
    _ = confirmed.initialResponse()
    guard case .derive = try confirmed.challenge(Array(signed.utf8)) else {
      Issue.record("refused a signed offer")
      return
    }
    // With tls-server-end-point in it the list is what it must be, even if this link has no such binding.
    let exporterOnly = TLSFacts(
      version: "TLSv1.3", cipher: "", leafSHA256: [], channelBindings: [.tlsExporter: TLSFacts.exporter])
    var plausible = try SASLClient(offered: offered, types: ["tls-server-end-point"], tls: exporterOnly)
    _ = plausible.initialResponse()
    guard case .derive = try plausible.challenge(Array(first.utf8)) else {
      Issue.record("refused a plausible offer")
      return
    }
  }

  @Test(
    "nothing weaker than what has worked before",
    arguments: [
      ("SCRAM-SHA-256", "SCRAM-SHA-1", false), ("SCRAM-SHA-256", "PLAIN", false), ("SCRAM-SHA-1", "PLAIN", false),
      ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-512", false), ("EXTERNAL", "PLAIN", true),
      ("SCRAM-SHA-256", "SCRAM-SHA-256", true),
      ("SCRAM-SHA-256", "SCRAM-SHA-512", true), ("SCRAM-SHA-512", "SCRAM-SHA-1-PLUS", true), ("PLAIN", "PLAIN", true),
      ("unheard of", "PLAIN", true),
    ])
  func keepsMinimum(minimum: String, offered: String, accepted: Bool) throws {
    if accepted {
      #expect(try SASLClient(offered: [offered], types: Self.all, minimum: minimum).mechanism == offered)
    } else {
      let error = #expect(throws: SASLError.self) {
        try SASLClient(offered: [offered], types: Self.all, minimum: minimum)
      }
      #expect(
        error?.description
          == """
          possible downgrade attack: \(offered) is the best that the server offers now; \(minimum) has worked before
          """)
    }
  }

  @Test("what the operator took away is not held against the server")
  func toleratesOwnChanges() throws {
    var certificate = SASLCredentials.user
    certificate.external = true
    #expect(throws: SASLError.self) {
      try SASLClient(certificate, offered: ["SCRAM-SHA-512-PLUS"], types: Self.all, minimum: "EXTERNAL")
    }
    let withoutTLS = try SASLClient(offered: ["SCRAM-SHA-512"], tls: nil, minimum: "SCRAM-SHA-512-PLUS")
    #expect(withoutTLS.mechanism == "SCRAM-SHA-512")
    #expect(throws: SASLError.self) {
      try SASLClient(offered: ["SCRAM-SHA-256"], tls: nil, minimum: "SCRAM-SHA-512-PLUS")
    }
  }

  @Test("an account that has bound its channel binds it, even if the server's list is gone")
  func bindsAgain() throws {
    let offered = ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-512"]
    var client = try SASLClient(offered: offered, minimum: "SCRAM-SHA-512-PLUS")
    #expect(client.initialResponse()?.starts(with: "p=tls-exporter,,".utf8) == true)
  }

  @Test("PLAIN sends identities and password, prepared")
  func sendsPlain() throws {
    let credentials = SASLCredentials(
      username: "b\u{AD}ot", password: Array("p\u{A0}w".utf8), authorizationID: "bot@example.org")
    var client = try SASLClient(credentials, offered: ["PLAIN"])
    #expect(client.initialResponse() == Array("bot@example.org\0bot\0p w".utf8))
    #expect(throws: SASLError.malformed("PLAIN knows no challenge")) { try client.challenge([]) }
    try client.succeeded(nil)
    #expect(client.keys == nil)
    let other = SCRAMKeyRequest(digest: .sha1, password: [1], salt: [1], iterations: 1).derive()
    #expect(throws: SASLError.self) { try client.derived(other) }
    var early = try SASLClient(offered: ["PLAIN"])
    #expect(throws: SASLError.serverNotAuthentic("success before the exchange was begun")) { try early.succeeded(nil) }
    #expect(throws: SASLError.self) {
      try SASLClient(
        SASLCredentials(username: "u", password: [0x70], authorizationID: "a\0b"), offered: ["PLAIN"])
    }
  }

  @Test("EXTERNAL sends the authorization identity, or an empty response")
  func sendsExternal() throws {
    var credentials = SASLCredentials(username: "bot", password: nil, external: true)
    var client = try SASLClient(credentials, offered: ["EXTERNAL"])
    #expect(client.initialResponse() == [])
    try client.succeeded([])
    credentials.authorizationID = "bot@example.org"
    var named = try SASLClient(credentials, offered: ["EXTERNAL"])
    #expect(named.initialResponse() == Array("bot@example.org".utf8))
  }

  @Test("the names of a hostile offer do no harm to a log")
  func filtersNames() throws {
    let names = ["A\nB", "\u{1B}[31mRED", String(repeating: "X", count: 100)] + Array(repeating: "Y", count: 50)
    let error = #expect(throws: SASLError.self) { try SASLClient(offered: names) }
    let text = try #require(error?.description)
    #expect(text.contains("offers AB [31mRED XXX"))
    #expect(text.utf8.count < 250)
    #expect(SASLError.noMechanism(offered: [], reason: "x").description.hasSuffix("offers none"))
  }
}
