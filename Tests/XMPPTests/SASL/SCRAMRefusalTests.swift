import TLSEngine
import Testing

@testable import XMPP

@Suite("SCRAM refuses what is wrong")
struct SCRAMRefusalTests {
  static let serverFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
  static let serverFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

  private func begun() throws -> SASLClient {
    var client = try SASLClient(offered: ["SCRAM-SHA-256"], tls: nil)
    _ = client.initialResponse()
    return client
  }

  private func answered() throws -> SASLClient {
    var client = try begun()
    _ = try client.answer(Self.serverFirst)
    return client
  }

  /// Whatever comes after a refusal, it is no success.
  private func expectOver(_ client: SASLClient) {
    var client = client
    #expect(throws: SASLError.self) { try client.succeeded(Array(Self.serverFinal.utf8)) }
    #expect(throws: SASLError.self) { try client.challenge(Array(Self.serverFirst.utf8)) }
  }

  @Test(
    "a first message that breaks the grammar",
    arguments: [
      "", "r=", "r", ",", "r=rOprNGfwEbeRWgbNEkqOx", "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92",
      "s=QSXCR+Q6sek8bf92,r=rOprNGfwEbeRWgbNEkqOx,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=04096", "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=-4096",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096 ", "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096,",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096,1=x", "r=rOprNGfwEbeRWgbNEkqO x,s=QSXCR+Q6sek8bf92,i=4096",
      "m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=4096,h=*",
      "r=rOprNGfwEbeRWgbNEkqO\0,s=QSXCR+Q6sek8bf92,i=4096", "e=other-error", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
      "r=rOprNGfwEbeRWgbNEkqOx,s=QSXCR+Q6sek8bf92,i=123456789012345678901",
    ])
  func refusesGrammar(message: String) throws {
    var client = try begun()
    let error = #expect(throws: SASLError.self) { try client.challenge(Array(message.utf8)) }
    guard case .malformed = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    expectOver(client)
  }

  @Test(
    "a nonce that does not continue ours",
    arguments: ["rOprNGfwEbeRWgbNEkqO", "rOprNGfwEbeRWgbNEkq", "ROprNGfwEbeRWgbNEkqOx", "xrOprNGfwEbeRWgbNEkqO", "x"])
  func refusesNonce(nonce: String) throws {
    var client = try begun()
    #expect(throws: SASLError.serverNotAuthentic("its nonce does not continue ours")) {
      try client.challenge(Array("r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".utf8))
    }
    expectOver(client)
  }

  @Test(
    "an iteration count out of bounds",
    arguments: ["1", "4095", "1000001", "4294967296", "9223372036854775808", "99999999999999999999"])
  func refusesIterations(count: String) throws {
    var client = try begun()
    let error = #expect(throws: SASLError.iterations(count)) {
      try client.challenge(Array("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=\(count)".utf8))
    }
    #expect(error?.description == "the server asks for \(count) iterations; 4096 to 1000000 are accepted")
    expectOver(client)
  }

  @Test("the bounds themselves are accepted", arguments: [4096, 1_000_000])
  func acceptsBounds(count: Int) throws {
    var client = try begun()
    let step = try client.challenge(Array("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=\(count)".utf8))
    guard case .derive(let request) = step else {
      Issue.record("\(step)")
      return
    }
    #expect(request.iterations == count)
  }

  @Test(
    "a signature that is wrong, cut short or none",
    arguments: [
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl9", "v=", "", "x=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v",
    ])
  func refusesSignature(message: String) throws {
    var inSuccess = try answered()
    #expect(throws: SASLError.self) { try inSuccess.succeeded(Array(message.utf8)) }
    expectOver(inSuccess)
    var inChallenge = try answered()
    #expect(throws: SASLError.self) { try inChallenge.challenge(Array(message.utf8)) }
    #expect(throws: SASLError.self) { try inChallenge.succeeded(nil) }
    expectOver(inChallenge)
  }

  @Test("success without a signature")
  func refusesBareSuccess() throws {
    var client = try answered()
    #expect(throws: SASLError.serverNotAuthentic("success without a signature")) { try client.succeeded(nil) }
    expectOver(client)
  }

  @Test("success before its time")
  func refusesEarlySuccess() throws {
    let signature = Array(Self.serverFinal.utf8)
    var atFirst = try SASLClient(offered: ["SCRAM-SHA-256"], tls: nil)
    #expect(throws: SASLError.self) { try atFirst.succeeded(signature) }
    var begun = try begun()
    #expect(throws: SASLError.serverNotAuthentic("success before the exchange was over")) {
      try begun.succeeded(signature)
    }
    var deriving = try self.begun()
    let step = try deriving.challenge(Array(Self.serverFirst.utf8))
    #expect(throws: SASLError.serverNotAuthentic("success before the exchange was over")) {
      try deriving.succeeded(signature)
    }
    guard case .derive(let request) = step else { return }
    #expect(throws: SASLError.self) { try deriving.derived(request.derive()) }
  }

  @Test("challenges and keys out of turn")
  func refusesDisorder() throws {
    var atFirst = try SASLClient(offered: ["SCRAM-SHA-256"], tls: nil)
    #expect(throws: SASLError.self) { try atFirst.challenge(Array(Self.serverFirst.utf8)) }
    var deriving = try begun()
    _ = try deriving.challenge(Array(Self.serverFirst.utf8))
    let other = SCRAMKeyRequest(digest: .sha256, password: Array("other".utf8), salt: [1], iterations: 4096).derive()
    #expect(throws: SASLError.self) { try deriving.derived(other) }
    #expect(throws: SASLError.malformed("a challenge out of turn")) {
      try deriving.challenge(Array(Self.serverFirst.utf8))
    }
    var done = try answered()
    _ = try done.challenge(Array(Self.serverFinal.utf8))
    #expect(throws: SASLError.self) { try done.challenge(Array(Self.serverFinal.utf8)) }
  }

  @Test("the server's own error is reported")
  func reportsError() throws {
    var client = try answered()
    let error = #expect(throws: SASLError.refused("invalid-proof")) {
      try client.challenge(Array("e=invalid-proof".utf8))
    }
    #expect(error?.description == "the server refused the login: invalid-proof")
    var hostile = try answered()
    #expect(throws: SASLError.refused("other-error")) {
      try hostile.succeeded(Array("e=other-\n\u{1B}error,x=y".utf8))
    }
  }

  @Test("a nonce of ours that would break the message")
  func refusesOwnNonce() {
    for nonce in ["", "a,b", "a b", "é"] {
      #expect(throws: SASLError.self) { try SASLClient(offered: ["SCRAM-SHA-1"], nonce: nonce) }
    }
  }

  @Test("an offer that is not what the server signs (XEP-0474)")
  func refusesChangedOffer() throws {
    // SHA-256 of "SCRAM-SHA-256" U+001E "SCRAM-SHA-512" U+001F "tls-exporter", by Python's hashlib.
    let hash = "riodA82c73mrOfn9sVM2Tw41tGrwQjY+wGSy/kjRtaA="
    let message = "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,h=\(hash)"
    var changed = try SASLClient(offered: ["SCRAM-SHA-256"], types: ["tls-exporter"])
    _ = changed.initialResponse()
    #expect(throws: SASLError.downgraded("what the server offers is not what has reached us")) {
      try changed.challenge(Array(message.utf8))
    }
    expectOver(changed)
    var honest = try SASLClient(offered: ["SCRAM-SHA-512", "SCRAM-SHA-256"].reversed(), types: ["tls-exporter"])
    _ = honest.initialResponse()
    // Another hash than the mechanism's, SHA-512, is not what the server should have sent.
    #expect(throws: SASLError.self) { try honest.challenge(Array(message.utf8)) }
  }

  @Test("keys are derived once for a password, salt and count")
  func reusesKeys() throws {
    let keys = try #require(try answered().keys)
    var again = try SASLClient(offered: ["SCRAM-SHA-256"], tls: nil, cachedKeys: keys)
    _ = again.initialResponse()
    guard case .respond = try again.challenge(Array(Self.serverFirst.utf8)) else {
      Issue.record("derived again")
      return
    }
    try again.succeeded(Array(Self.serverFinal.utf8))
    #expect(again.keys == keys)
    let changes: [(SASLCredentials, [String], String)] = [
      (SASLCredentials(username: "user", password: Array("Pencil".utf8)), ["SCRAM-SHA-256"], Self.serverFirst),
      (.user, ["SCRAM-SHA-1"], Self.serverFirst),
      (.user, ["SCRAM-SHA-256"], Self.serverFirst.replacing("4096", with: "4097")),
      (.user, ["SCRAM-SHA-256"], Self.serverFirst.replacing("s=W22", with: "s=X22")),
    ]
    for (credentials, offered, serverFirst) in changes {
      var client = try SASLClient(credentials, offered: offered, tls: nil, cachedKeys: keys)
      _ = client.initialResponse()
      guard case .derive = try client.challenge(Array(serverFirst.utf8)) else {
        Issue.record("stale keys used")
        continue
      }
    }
  }
}
