import TLSEngine
import TestSupport
import Testing
import XMLStream
import XMPP

/// Whatever a server says, and whenever, a session neither breaks nor forgets a stanza.
@Suite struct SessionFuzzTests {
  private static let stream = "http://etherx.jabber.org/streams"

  /// Things that servers say, mostly at the wrong time.
  static func vocabulary() throws -> [XMLElement] {
    let counts = ["0", "1", "2", "3", "5", "4294967295", "x", ""]
    let texts =
      [
        "<features xmlns='\(stream)'>\(Conversation.loginFeatures)</features>",
        "<features xmlns='\(stream)'>\(Conversation.bind)\(Conversation.sm)</features>",
        "<features xmlns='\(stream)'>\(Conversation.bind)</features>", "<features xmlns='\(stream)'/>",
        "<features xmlns='\(stream)'><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism>"
          + "<inline>\(Conversation.sm)</inline></authentication></features>",
        "<features xmlns='\(stream)'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></features>",
        "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "<success xmlns='urn:xmpp:sasl:2'/>",
        "<success xmlns='urn:xmpp:sasl:2'><failed xmlns='urn:xmpp:sm:3' h='1'/></success>",
        "<success xmlns='urn:xmpp:sasl:2'><resumed xmlns='urn:xmpp:sm:3' previd='sm1' h='1'/></success>",
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
        "<iq type='result' id='n-bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>bot@example.org/x</jid></bind></iq>",
        "<iq type='error' id='n-bind'/>", "<iq type='result' id='n-bind'/>", "<iq type='result' id='n-ping-1'/>",
        "<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>", "<enabled xmlns='urn:xmpp:sm:3'/>",
        "<failed xmlns='urn:xmpp:sm:3'/>", "<r xmlns='urn:xmpp:sm:3'/>", "<message id='m'/>", "<iq type='get' id='q'/>",
        "<error xmlns='\(stream)'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>",
        "<error xmlns='\(stream)'/>", "<unknown xmlns='urn:unknown'/>",
      ] + counts.map { "<a xmlns='urn:xmpp:sm:3' h='\($0)'/>" }
      + counts.map { "<resumed xmlns='urn:xmpp:sm:3' previd='sm1' h='\($0)'/>" }
      + counts.map { "<failed xmlns='urn:xmpp:sm:3' h='\($0)'/>" }
    return try texts.map { try XMLElement(parsing: $0) }
  }

  /// The right words in the right order.
  private static func login(_ vocabulary: [XMLElement]) -> [XMLStreamEvent] {
    let header = XMLStreamEvent.opened(StreamHeader(version: "1.0"))
    func element(_ text: String) -> XMLStreamEvent? {
      vocabulary.first { $0.description.contains(text) }.map { .element($0) }
    }
    return [
      header, element("<mechanism>PLAIN"), element("<success xmlns='urn:ietf"), header, element("<bind"),
      element("bot@example.org/x"), element("<enabled"),
    ].compactMap(\.self)
  }

  /// What the session owes its owner, kept by looking at its actions alone.
  private struct Owner {
    var pending: [UInt64] = []
    var hasSession = false
    var isConnected = false
    var isEstablished = false
    var establishments = 0
    var complaint: String?

    mutating func observe(_ action: ClientSession.Action) {
      if case .established = action { establishments += 1 }
      switch action {
      case .write, .startTLS, .resetParser, .deriveKeys, .close:
        if !isConnected { complain("\(Conversation.line(action)) without a connection") }
      case .established(.new):
        if hasSession || isEstablished { complain("a new session beside another") }
        (hasSession, isEstablished) = (true, true)
      case .established(.resumed):
        if !hasSession || isEstablished { complain("resumed what is not there") }
        isEstablished = true
      case .stanza: if !isEstablished { complain("a stanza without a session") }
      case .acknowledged(let sequence):
        guard let index = pending.firstIndex(of: sequence) else { return complain("\(sequence) confirmed for nothing") }
        pending.removeFirst(index + 1)
      case .lost(let stanzas):
        if hasSession {
          if stanzas.map(\.sequence) != pending { complain("lost \(stanzas.map(\.sequence)) of \(pending)") }
          pending = []
        } else {
          for stanza in stanzas { pending.removeAll { $0 == stanza.sequence } }
        }
        hasSession = false
      case .ended:
        if !isConnected { complain("ended twice") }
        (isConnected, isEstablished) = (false, false)
      }
    }

    mutating func complain(_ text: String) { if complaint == nil { complaint = text } }
  }

  @Test("any events in any order")
  func anything() throws {
    let vocabulary = try Self.vocabulary()
    let login = Self.login(vocabulary)
    let facts = NegotiationTests.facts
    var establishments = 0
    for seed in 1...4000 as ClosedRange<UInt64> {
      var random = SeededGenerator(seed: seed)
      let security: ClientSession.Configuration.Security = seed.isMultiple(of: 5) ? .startTLS : .none
      var talk = try Conversation(
        security: security, resuming: seed.isMultiple(of: 2) ? try ResumptionTests.stored(unacknowledged: [1, 2]) : nil)
      var owner = Owner()
      if seed.isMultiple(of: 2) { (owner.pending, owner.hasSession) = ([1, 2], true) }
      var sequence: UInt64 = 2
      for _ in 0..<120 {
        talk.now += .milliseconds(Int.random(in: 0...3000, using: &random))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: talk.session.received(.opened(StreamHeader(version: "1.0")), now: talk.now)
        case 8: talk.session.received(.closed, now: talk.now)
        case 9: talk.session.logout(now: talk.now)
        case 10: talk.session.park(now: talk.now)
        case 11: talk.session.disconnected(now: talk.now)
        case 12: talk.session.violated(XMLStreamError(condition: .badFormat, reason: "text"), now: talk.now)
        case 13: talk.session.resumable(inbound: UInt64.random(in: 0...5, using: &random))
        case 14..<17: talk.session.tlsEstablished(facts, now: talk.now)
        case 17..<25: talk.session.handled(upTo: UInt64.random(in: 0...5, using: &random))
        case 25..<35:
          sequence += 1
          owner.pending.append(sequence)
          talk.session.send([Conversation.stanza(sequence)], now: talk.now)
        case 35..<45: talk.session.flush(now: talk.now)
        case 45..<50: talk.session.timeout(now: talk.now)
        case 50..<60 where !owner.isConnected:
          owner.isConnected = true
          talk.session.connected(now: talk.now, nonce: "n")
          // Most logins go well, so that there are sessions for something to happen to.
          if Int.random(in: 0..<4, using: &random) > 0 {
            for step in login { talk.session.received(step, now: talk.now) }
          }
        default:
          if let element = vocabulary.randomElement(using: &random) {
            talk.session.received(.element(element), now: talk.now)
          }
        }
        while let action = talk.session.nextAction() { owner.observe(action) }
      }
      #expect(owner.complaint == nil, "seed \(seed)")
      establishments += owner.establishments
    }
    #expect(establishments > 1000)
  }
}
