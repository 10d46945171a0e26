import TLSEngine
import Testing
import XMLStream
import XMPP

/// Logins as they look on the stream. The mechanisms themselves are tested elsewhere.
@Suite struct LoginTests {
  /// The example of RFC 5802 §5.
  private struct Example {
    var talk: Conversation
    static let clientFirst = "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
    static let serverFirst = "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
    static let clientFinal = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    static let serverFinal = "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="

    init(resuming: ResumableSession? = nil, cachedKeys: SCRAMKeys? = nil) throws {
      talk = try Conversation(nonce: "fyko+d2lbbFgONRv9qkxdawL")
      let credentials = SASLCredentials(username: "user", password: Array("pencil".utf8))
      talk.session = ClientSession(
        configuration: .init(jid: try JID("user@example.org"), credentials: credentials, security: .none),
        resuming: resuming, cachedKeys: cachedKeys)
    }

    /// Actions up to the request for keys, which is computed here.
    mutating func keys() throws -> SCRAMKeys {
      var keys: SCRAMKeys?
      while let action = talk.session.nextAction() {
        if case .deriveKeys(let request) = action { keys = request.derive() }
      }
      return try #require(keys)
    }
  }

  private static func base64(_ text: String) -> String { Base64.encode(Array(text.utf8)) }

  private static let offer =
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms>"

  private static func say(_ name: String, _ text: String) -> String {
    "<\(name) xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(base64(text))</\(name)>"
  }

  @Test("SCRAM: the keys are computed elsewhere, and kept for the next login")
  func scram() throws {
    var example = try Example()
    _ = example.talk.connect()
    _ = example.talk.open()
    #expect(
      try example.talk.receive(features: Self.offer) == [
        "> <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>"
          + Self.base64(Example.clientFirst) + "</auth>"
      ])
    example.talk.session.received(
      .element(try XMLElement(parsing: Self.say("challenge", Example.serverFirst))), now: example.talk.now)
    let keys = try example.keys()
    #expect(example.talk.session.cachedKeys == nil)
    example.talk.session.derived(keys, now: example.talk.now)
    let response = "> " + Self.say("response", Example.clientFinal)
    #expect(example.talk.actions() == [response])
    #expect(try example.talk.receive(Self.say("success", Example.serverFinal)).first == "reset parser")
    #expect(example.talk.session.cachedKeys == keys)
    #expect(example.talk.session.mechanism == "SCRAM-SHA-1")

    example = try Example(cachedKeys: keys)
    _ = example.talk.connect()
    _ = example.talk.open()
    _ = try example.talk.receive(features: Self.offer)
    #expect(try example.talk.receive(Self.say("challenge", Example.serverFirst)) == [response])
  }

  @Test("a success without the server's proof, too early or wrong, is no success")
  func serverMustProve() throws {
    for success in ["<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", Self.say("success", "v=AAAA")] {
      for isEarly in [false, true] {
        var example = try Example()
        _ = example.talk.connect()
        _ = example.talk.open()
        _ = try example.talk.receive(features: Self.offer)
        if !isEarly {
          example.talk.session.received(
            .element(try XMLElement(parsing: Self.say("challenge", Example.serverFirst))), now: example.talk.now)
          example.talk.session.derived(try example.keys(), now: example.talk.now)
          _ = example.talk.actions()
        }
        #expect(
          try example.talk.receive(success) == ["> </stream:stream>", "close", "ended authenticationFailed"])
      }
    }
  }

  @Test("keys that come when the connection is gone, or another one is there, do nothing")
  func lateKeys() throws {
    var example = try Example()
    _ = example.talk.connect()
    _ = example.talk.open()
    _ = try example.talk.receive(features: Self.offer)
    example.talk.session.received(
      .element(try XMLElement(parsing: Self.say("challenge", Example.serverFirst))), now: example.talk.now)
    let keys = try example.keys()
    _ = example.talk.disconnect()
    example.talk.session.derived(keys, now: example.talk.now)
    #expect(example.talk.actions() == [])
    _ = example.talk.connect()
    example.talk.session.derived(keys, now: example.talk.now)
    #expect(example.talk.actions() == [])
  }

  @Test("once a mechanism has worked, nothing weaker will do")
  func noDowngrade() throws {
    var example = try Example()
    _ = example.talk.connect()
    _ = example.talk.open()
    _ = try example.talk.receive(features: Self.offer)
    example.talk.session.received(
      .element(try XMLElement(parsing: Self.say("challenge", Example.serverFirst))), now: example.talk.now)
    example.talk.session.derived(try example.keys(), now: example.talk.now)
    #expect(example.talk.session.strongestMechanism == nil)
    _ = try example.talk.receive(Self.say("success", Example.serverFinal))
    #expect(example.talk.session.strongestMechanism == "SCRAM-SHA-1")
    _ = example.talk.disconnect()
    _ = example.talk.connect()
    _ = example.talk.open()
    #expect(
      try example.talk.receive(features: Conversation.loginFeatures)
        == ["> </stream:stream>", "close", "ended authenticationFailed"])
  }

  @Test("refuses what is no Base64, and mechanisms that it does not have")
  func unusable() throws {
    var example = try Example()
    _ = example.talk.connect()
    _ = example.talk.open()
    _ = try example.talk.receive(features: Self.offer)
    #expect(
      try example.talk.receive("<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>?</challenge>").last
        == "ended authenticationFailed")
    _ = example.talk.connect()
    _ = example.talk.open()
    #expect(
      try example.talk.receive(features: Self.offer.replacing("SCRAM-SHA-1", with: "DIGEST-MD5")).last
        == "ended authenticationFailed")
    _ = example.talk.connect()
    _ = example.talk.open()
    #expect(try example.talk.receive(features: "").last == "ended authenticationFailed")
  }

  // MARK: XEP-0388

  private static func sasl2(_ inline: String) -> String {
    Conversation.loginFeatures
      + "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline>\(inline)</inline></authentication>"
  }

  private static let authenticate =
    "> <authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGJvdABzZWNyZXQ=</initial-response>"

  private func begin(_ talk: inout Conversation, inline: String = Conversation.sm) throws -> [String] {
    _ = talk.connect()
    _ = talk.open()
    return try talk.receive(features: Self.sasl2(inline))
  }

  private static func success(_ content: String) -> String {
    "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>bot@example.org</authorization-identifier>\(content)</success>"
  }

  @Test("SASL2 without a session: no stream restart, features follow, the resource is bound the old way")
  func sasl2New() throws {
    var talk = try Conversation()
    // Bind 2 may be there; the offline messages would be the price.
    #expect(
      try begin(&talk, inline: Conversation.sm + "<bind xmlns='urn:xmpp:bind:0'/>") == [
        Self.authenticate + "</authenticate>"
      ])
    #expect(try talk.receive(Self.success("")) == [])
    #expect(try talk.receive(features: Conversation.bind + Conversation.sm) == [ResumptionTests.bindRequest])
    #expect(try talk.bound() == [ResumptionTests.enable])
    #expect(
      try talk.receive("<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>") == ["new bot@example.org/x sm1"])
  }

  @Test("fluux-messenger#380: an inline resumption is live at once, without features, without a second <enable/>")
  func sasl2Resumes() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    _ = talk.send(1, 2)
    _ = try talk.receive(Conversation.inbound(1))
    _ = talk.disconnect()
    talk.session.resumable(inbound: 1)
    #expect(
      try begin(&talk) == [
        Self.authenticate + "<resume xmlns='urn:xmpp:sm:3' previd='sm1' h='1'/></authenticate>"
      ])
    #expect(
      try talk.receive(Self.success("<resumed xmlns='urn:xmpp:sm:3' previd='sm1' h='1'/>")) == [
        "acknowledged 1", "resumed bot@example.org/x sm1", "> <message id='2'/>" + Conversation.request,
      ])
    // What the earlier stream offered still holds; features that follow all the same change nothing.
    #expect(talk.session.features.streamManagement)
    #expect(try talk.receive(features: Conversation.bind + Conversation.sm) == [])
    _ = try talk.acknowledge(2)
    #expect(try talk.receive(Conversation.inbound(2)) == ["stanza 2 in2"])
  }

  @Test("an inline resumption that is refused: the count is taken, then features, bind, one <enable/>")
  func sasl2ResumptionFails() throws {
    var talk = try Conversation(resuming: try ResumptionTests.stored(unacknowledged: [1, 2]))
    _ = try begin(&talk)
    #expect(
      try talk.receive(
        Self.success(
          "<failed xmlns='urn:xmpp:sm:3' h='1'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"))
        == ["acknowledged 1", "lost 2"])
    #expect(try talk.receive(features: Conversation.bind + Conversation.sm) == [ResumptionTests.bindRequest])
    #expect(try talk.bound() == [ResumptionTests.enable])
  }

  @Test("a server that passes the inline resumption over is asked again, the old way and before binding")
  func sasl2ResumptionIgnored() throws {
    var talk = try Conversation(resuming: try ResumptionTests.stored())
    _ = try begin(&talk)
    _ = try talk.receive(Self.success(""))
    #expect(try talk.receive(features: Conversation.bind + Conversation.sm) == [ResumptionTests.resume(0)])
    #expect(try talk.resumed(0) == ["resumed bot@example.org/x sm1", "> " + Conversation.request])
  }

  @Test("an inline resumption of another session, or without being asked, is refused")
  func sasl2OtherSession() throws {
    for stored in [nil, try ResumptionTests.stored()] {
      var talk = try Conversation(resuming: stored)
      _ = try begin(&talk)
      #expect(
        try talk.receive(Self.success("<resumed xmlns='urn:xmpp:sm:3' previd='sm2' h='0'/>")).last
          == "ended streamManagement")
    }
  }

  @Test("SASL2 without inline resumption is left alone")
  func sasl2WithoutManagement() throws {
    var talk = try Conversation()
    #expect(try begin(&talk, inline: "").first?.hasPrefix("> <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'") == true)
  }

  @Test("SASL2 failures, and steps that it does not know")
  func sasl2Failures() throws {
    var talk = try Conversation()
    _ = try begin(&talk)
    #expect(
      try talk.receive(
        "<failure xmlns='urn:xmpp:sasl:2'><x xmlns='urn:app'/><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"
      ) == ["> </stream:stream>", "close", "ended notAuthorized"])
    _ = try begin(&talk)
    #expect(
      try talk.receive("<continue xmlns='urn:xmpp:sasl:2'><tasks><task>TOTP</task></tasks></continue>").last
        == "ended authenticationFailed")
    _ = try begin(&talk)
    #expect(
      try talk.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>").last
        == "ended violation unsupported-stanza-type")
  }
}
