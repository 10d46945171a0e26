import TLSEngine
import Testing
import XMLStream
import XMPP

/// From the TCP connection to the session (RFC 6120 §4–§7).
@Suite struct NegotiationTests {
  static let header =
    "> <?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
  static let startTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
  static let facts = TLSFacts(
    version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", leafSHA256: [], channelBindings: [:])

  @Test("logs in step by step: header, SASL, new header, bind, enable")
  func plainLogin() throws {
    var talk = try Conversation()
    #expect(talk.connect() == [Self.header + "from='bot@example.org' to='example.org' version='1.0' xml:lang='en'>"])
    #expect(talk.open() == [])
    #expect(
      try talk.receive(features: Conversation.loginFeatures) == [
        "> <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGJvdABzZWNyZXQ=</auth>"
      ])
    #expect(
      try talk.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>") == [
        "reset parser", Self.header + "from='bot@example.org' to='example.org' version='1.0' xml:lang='en'>",
      ])
    #expect(talk.open() == [])
    #expect(
      try talk.receive(features: Conversation.bind + Conversation.sm) == [
        "> <iq type='set' id='n1-bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
      ])
    #expect(try talk.bound() == ["> <enable xmlns='urn:xmpp:sm:3' resume='true'/>"])
    #expect(talk.session.windowRoom == 0)
    #expect(
      try talk.receive("<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true' max='300' location='[::1]:5223'/>")
        == ["new bot@example.org/x sm1"])
    #expect(talk.session.isEstablished)
    #expect(talk.session.windowRoom == 1000)
    #expect(talk.session.location == "[::1]:5223")
    #expect(talk.session.resumable?.maximum == .seconds(300))
    #expect(talk.session.mechanism == "PLAIN")
    #expect(talk.session.offeredMechanisms == ["PLAIN"])
  }

  @Test(
    "takes `resume='1'` for true, and no resumption for none", arguments: [("1", true), ("true", true), ("0", false)])
  func resumeIsABoolean(_ value: String, _ isResumable: Bool) throws {
    var talk = try Conversation()
    _ = try talk.login()
    _ = try talk.bound()
    _ = try talk.receive("<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='\(value)'/>")
    #expect((talk.session.resumable != nil) == isResumable)
    #expect(talk.session.isEstablished)
  }

  @Test("upgrades to TLS before anything else, and names itself only then")
  func startTLS() throws {
    var talk = try Conversation(security: .startTLS)
    #expect(talk.connect() == [Self.header + "to='example.org' version='1.0' xml:lang='en'>"])
    _ = talk.open()
    #expect(
      try talk.receive(features: Self.startTLS + Conversation.loginFeatures) == [
        "> <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
      ])
    talk.session.received(
      .element(try XMLElement(parsing: "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")), now: talk.now)
    #expect(talk.session.haltsParser)
    #expect(talk.actions() == ["start TLS", "reset parser"])
    #expect(!talk.session.haltsParser)
    talk.session.tlsEstablished(Self.facts, now: talk.now)
    #expect(
      talk.actions() == [Self.header + "from='bot@example.org' to='example.org' version='1.0' xml:lang='en'>"])
  }

  @Test("says nothing more in clear when TLS is missing or refused")
  func noTLS() throws {
    var talk = try Conversation(security: .startTLS)
    _ = talk.connect()
    _ = talk.open()
    #expect(try talk.receive(features: Conversation.loginFeatures) == ["close", "ended noTLS"])

    _ = talk.connect()
    _ = talk.open()
    _ = try talk.receive(features: Self.startTLS)
    #expect(
      try talk.receive("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") == ["close", "ended noTLS"])
  }

  @Test("with direct TLS speaks first when the handshake is done")
  func directTLS() throws {
    var talk = try Conversation(security: .directTLS)
    #expect(talk.connect() == [])
    talk.session.tlsEstablished(Self.facts, now: talk.now)
    #expect(
      talk.actions() == [Self.header + "from='bot@example.org' to='example.org' version='1.0' xml:lang='en'>"])

    _ = talk.disconnect()
    _ = talk.connect()
    talk.session.tlsFailed("self-signed certificate", now: talk.now)
    #expect(talk.actions() == ["close", "ended tls"])
  }

  @Test(
    "tells apart why a login failed",
    arguments: [
      ("not-authorized", "notAuthorized"), ("account-disabled", "accountDisabled"),
      ("credentials-expired", "credentialsExpired"), ("temporary-auth-failure", "temporaryAuthenticationFailure"),
      ("invalid-mechanism", "authenticationFailed"), ("bad-auth", "authenticationFailed"),
    ])
  func authenticationFailure(_ condition: String, _ end: String) throws {
    var talk = try Conversation()
    _ = talk.connect()
    _ = talk.open()
    _ = try talk.receive(features: Conversation.loginFeatures)
    #expect(
      try talk.receive(
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><\(condition)/><text>no</text></failure>")
        == ["> </stream:stream>", "close", "ended \(end)"])
  }

  @Test("asks for the resource in its address, and takes the server's when that is refused")
  func resource() throws {
    var talk = try Conversation(jid: "bot@example.org/me")
    #expect(
      try talk.login() == [
        "> <iq type='set' id='n1-bind-resource'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>me</resource></bind></iq>"
      ])
    #expect(
      try talk.receive(
        "<iq type='error' id='n1-bind-resource'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
      )
        == ["> <iq type='set' id='n1-bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"])
    #expect(
      try talk.receive(
        "<iq type='error' id='n1-bind'><error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
      )
        == ["> </stream:stream>", "close", "ended bindingRefused resource-constraint"])
  }

  @Test(
    "believes an answer to the binding only from the account or its server",
    arguments: ["bot@example.org", "example.org"])
  func bindingAnswerer(_ sender: String) throws {
    let result = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>bot@example.org/x</jid></bind></iq>"
    var talk = try Conversation()
    _ = try talk.login()
    #expect(
      try talk.receive("<iq type='result' id='n1-bind' from='\(sender)'>" + result)
        == ["> <enable xmlns='urn:xmpp:sm:3' resume='true'/>"])

    talk = try Conversation()
    _ = try talk.login()
    #expect(
      try talk.receive("<iq type='result' id='n1-bind' from='mallory@example.org'>" + result).last
        == "ended violation not-authorized")
  }

  @Test("needs a server that binds, and binds a full address")
  func badBinding() throws {
    var talk = try Conversation()
    #expect(try talk.login(features: Conversation.sm).last == "ended violation undefined-condition")
    for jid in ["bot@example.org", "@", ""] {
      _ = try talk.login()
      #expect(try talk.bound(jid).last == "ended violation bad-format")
    }
    _ = try talk.login()
    #expect(try talk.receive("<iq type='result' id='n1-bind'/>").last == "ended violation bad-format")
  }

  @Test("what is no stanza does no harm once the server is authenticated, but an unasked resumption does")
  func strangers() throws {
    var talk = try Conversation()
    _ = try talk.login()
    #expect(try talk.receive("<r xmlns='urn:xmpp:sm:3'/>", "<x xmlns='urn:unknown'/>") == [])
    _ = try talk.bound()
    #expect(try talk.receive("<r xmlns='urn:xmpp:sm:3'/>", "<x xmlns='urn:unknown'/>") == [])
    #expect(try talk.resumed(0).last == "ended streamManagement")
  }

  @Test("refuses stanzas before there is a session")
  func prematureStanzas() throws {
    let message = "<message><body>hi</body></message>"
    let refusal =
      "> <stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
    var talk = try Conversation()
    _ = talk.connect()
    _ = talk.open()
    let lines = try talk.receive(message)
    #expect(lines.first?.hasPrefix(refusal) == true)
    #expect(lines.dropFirst() == ["close", "ended violation not-authorized"])

    talk = try Conversation()
    _ = try talk.login()
    #expect(try talk.receive(message).last == "ended violation not-authorized")
  }

  @Test("refuses a server without version 1.0, features twice, a second header")
  func nonsense() throws {
    var talk = try Conversation()
    _ = talk.connect()
    #expect(talk.open(version: nil).last == "ended violation unsupported-version")
    _ = talk.connect()
    _ = talk.open()
    #expect(talk.open().last == "ended violation bad-format")
    _ = talk.connect()
    _ = talk.open()
    _ = try talk.receive(features: Conversation.loginFeatures)
    #expect(try talk.receive(features: Conversation.loginFeatures).last == "ended violation unsupported-stanza-type")
  }

  @Test("ends with the server's stream error; another host is only a hint")
  func streamErrors() throws {
    var talk = try Conversation()
    _ = talk.connect()
    #expect(talk.open() == [])
    #expect(
      try talk.receive(streamError: "host-unknown") == [
        "> </stream:stream>", "close", "ended streamError host-unknown",
      ])
    _ = talk.connect()
    talk.session.received(
      .element(
        try XMLElement(
          parsing:
            "<error xmlns='http://etherx.jabber.org/streams'><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>b.example.org:5222</see-other-host></error>"
        )), now: talk.now)
    var end: SessionEnd?
    while let action = talk.session.nextAction() {
      if case .ended(let reason) = action { end = reason }
    }
    #expect(end == .streamError(condition: "see-other-host", text: "b.example.org:5222"))
    #expect(end?.description == "the server sends us to another host: b.example.org:5222")
  }

  @Test("gives each step 30 s and the login 120 s")
  func timeouts() throws {
    var talk = try Conversation()
    _ = talk.connect()
    #expect(talk.session.deadline == talk.now + .seconds(30))
    #expect(talk.wait(.seconds(29)) == [])
    _ = talk.open()
    #expect(talk.session.deadline == talk.now + .seconds(30))
    #expect(talk.expire() == ["close", "ended timeout"])
    #expect(talk.session.deadline == nil)

    // Steps that are all in time, but too many of them.
    _ = talk.connect()
    let start = talk.now
    _ = talk.open()
    _ = talk.wait(.seconds(29))
    _ = try talk.receive(features: Conversation.loginFeatures)
    _ = talk.wait(.seconds(29))
    _ = try talk.receive("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
    _ = talk.wait(.seconds(29))
    _ = talk.open()
    _ = talk.wait(.seconds(29))
    _ = try talk.receive(features: Conversation.bind)
    #expect(talk.session.deadline == start + .seconds(120))
    #expect(talk.expire() == ["close", "ended timeout"])
  }

  @Test("tells the server why its XML was refused")
  func refusedXML() throws {
    var talk = try Conversation()
    _ = try talk.establish()
    talk.session.violated(XMLStreamError(condition: .restrictedXML, reason: "a comment"), now: talk.now)
    #expect(
      talk.actions() == [
        "> <stream:error><restricted-xml xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
          + "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>a comment</text></stream:error></stream:stream>",
        "close", "lost nothing", "ended xml",
      ])
    // What could not be read would only come again.
    #expect(talk.session.resumable == nil)
  }

  @Test("reads what the server offers")
  func features() throws {
    let features = StreamFeatures(
      try XMLElement(
        parsing: """
          <features xmlns='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>\
          <sm xmlns='urn:xmpp:sm:3'/><ver xmlns='urn:xmpp:features:rosterver'/>\
          <limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>262144</max-bytes></limits>\
          <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>\
          <authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline><sm xmlns='urn:xmpp:sm:3'/></inline></authentication>\
          <whatever xmlns='x'/></features>
          """))
    var expected = StreamFeatures()
    expected.binding = true
    expected.streamManagement = true
    expected.rosterVersioning = true
    expected.maximumStanzaBytes = 262144
    expected.channelBindingTypes = ["tls-exporter"]
    expected.sasl2 = StreamFeatures.SASL2(mechanisms: ["PLAIN"], streamManagement: true)
    #expect(features == expected)
    #expect(StreamFeatures(try XMLElement(parsing: "<features xmlns='x'/>")) == nil)
  }
}
