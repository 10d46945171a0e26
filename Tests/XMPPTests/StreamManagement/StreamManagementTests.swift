import Testing
import XMPP

/// The counters alone (XEP-0198 §3, §4). Bugs of other implementations are named by where they were reported.
@Suite struct StreamManagementTests {
  /// Just before the counts on the wire start again at 0.
  static let nearWrap: UInt64 = 0xFFFF_FFFE

  static func counters(inbound: UInt64 = 0, outbound: UInt64 = 0, sending sequences: ClosedRange<UInt64>? = nil) throws
    -> StreamManagement
  {
    StreamManagement(
      ResumableSession(
        jid: try JID("bot@example.org/x"), id: "sm1", inbound: inbound, outbound: outbound,
        unacknowledged: (sequences.map(Array.init) ?? []).map(Conversation.stanza)))
  }

  static func text(_ write: (inout [UInt8]) -> Void) -> String {
    var output: [UInt8] = []
    write(&output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test("an acknowledgement frees the stanzas up to it and names the last")
  func acknowledges() throws {
    var counters = StreamManagement()
    for sequence in [11, 12, 15, 20] as [UInt64] { counters.append(Conversation.stanza(sequence)) }
    #expect(try counters.acknowledge(h: 0) == nil)
    #expect(try counters.acknowledge(h: 3) == 15)
    #expect(try counters.acknowledge(h: 3) == nil)
    #expect(counters.unacknowledged == [Conversation.stanza(20)])
    #expect(counters.acknowledged == 3)
    #expect(counters.sent == 4)
  }

  @Test("Martin: after a partial acknowledgement and one more stanza, one remains")
  func partialAcknowledgement() throws {
    var counters = try Self.counters(sending: 1...5)
    #expect(try counters.acknowledge(h: 3) == 3)
    counters.append(Conversation.stanza(6))
    #expect(try counters.acknowledge(h: 5) == 5)
    #expect(counters.unacknowledged == [Conversation.stanza(6)])
  }

  @Test(
    "aioxmpp#67, XMPPFramework, Smack calculateDelta, Martin: counts go on through 2^32",
    arguments: 0...4 as ClosedRange<UInt64>)
  func wrapsAround(_ first: UInt64) throws {
    var counters = try Self.counters(inbound: Self.nearWrap, outbound: Self.nearWrap)
    for sequence in 1...6 as ClosedRange<UInt64> { counters.append(Conversation.stanza(sequence)) }
    let h = UInt32(truncatingIfNeeded: Self.nearWrap + first)
    #expect(try counters.acknowledge(h: h) == (first == 0 ? nil : first))
    #expect(counters.unacknowledgedCount == 6 - Int(first))
    #expect(try counters.acknowledge(h: 4) == 6)
    #expect(counters.acknowledged == Self.nearWrap + 6)

    for _ in 0..<first { _ = counters.receive() }
    counters.handle(upTo: Self.nearWrap + first)
    #expect(counters.received == Self.nearWrap + first)
    #expect(Self.text { counters.writeAcknowledgement(into: &$0) } == Conversation.acknowledgement(h))
  }

  @Test("more than was sent is refused and frees nothing, also around 2^32", arguments: [0, nearWrap])
  func tooHigh(_ base: UInt64) throws {
    var counters = try Self.counters(outbound: base, sending: 1...3)
    let sent = UInt32(truncatingIfNeeded: base + 3)
    #expect(throws: StreamManagementError.tooHigh(h: sent &+ 1, sent: sent)) { try counters.acknowledge(h: sent &+ 1) }
    #expect(counters.unacknowledgedCount == 3)
    #expect(try counters.acknowledge(h: sent) == 3)
  }

  @Test("taking an acknowledgement back is refused and frees nothing, also around 2^32", arguments: [4, nearWrap + 4])
  func wentBack(_ base: UInt64) throws {
    var counters = try Self.counters(outbound: base, sending: 1...3)
    let (h, acknowledged) = (UInt32(truncatingIfNeeded: base - 1), UInt32(truncatingIfNeeded: base))
    #expect(throws: StreamManagementError.wentBack(h: h, acknowledged: acknowledged, sent: acknowledged &+ 3)) {
      try counters.acknowledge(h: h)
    }
    #expect(counters.unacknowledgedCount == 3)
  }

  @Test("counts are decimal digits of 32 bits and nothing else")
  func strictCounts() throws {
    for (text, value) in [("0", 0), ("4294967295", .max), ("007", 7)] as [(String, UInt32)] {
      #expect(try StreamManagement.count(text) == value)
    }
    for text in [nil, "", " 1", "+1", "-1", "1.0", "0x1", "4294967296", "99999999999999999999999", "١"] {
      #expect(throws: StreamManagementError.malformed(h: text)) { try StreamManagement.count(text) }
    }
  }

  @Test("writes every count in full", arguments: [0, 9, 10, 100, 1_000_000_009, 4_294_967_295] as [UInt64])
  func writesCounts(_ count: UInt64) throws {
    var counters = try Self.counters(inbound: count)
    #expect(counters.h == UInt32(count))
    #expect(Self.text { counters.writeAcknowledgement(into: &$0) } == Conversation.acknowledgement(UInt32(count)))
  }

  @Test("Smack 96bb37f92, 3582de065, strophejs-plugins#121: ours count from <enable/>, the server's from <enabled/>")
  func startsCountingTwice() throws {
    var counters = StreamManagement()
    _ = counters.receive()
    counters.outboundEnabled()
    counters.append(Conversation.stanza(1))
    _ = counters.receive()
    counters.inboundEnabled()
    #expect(counters.sent == 1)
    #expect(counters.received == 0)
    #expect(counters.receive() == 1)
    #expect(try counters.acknowledge(h: 1) == 1)
  }

  @Test("received and handled are two counts, and the server hears of the second only")
  func custody() throws {
    var counters = StreamManagement()
    for number in 1...3 as ClosedRange<UInt64> { #expect(counters.receive() == number) }
    #expect(!counters.isAcknowledgementDue)
    #expect(Self.text { counters.writeAcknowledgement(into: &$0) } == Conversation.acknowledgement(0))
    counters.handle(upTo: 2)
    #expect(counters.isAcknowledgementDue)
    #expect(Self.text { counters.writeAcknowledgement(into: &$0) } == Conversation.acknowledgement(2))
    #expect(!counters.isAcknowledgementDue)
    // Monal#263: never back, and never beyond what came.
    counters.handle(upTo: 1)
    #expect(counters.handled == 2)
    counters.handle(upTo: 100)
    #expect(counters.handled == 3)
  }

  @Test("one request is open at a time, and one is due again when stanzas went out behind it")
  func oneRequest() throws {
    var counters = StreamManagement()
    #expect(!counters.isRequestDue)
    counters.append(Conversation.stanza(1))
    #expect(counters.isRequestDue)
    #expect(Self.text { counters.writeRequest(into: &$0) } == Conversation.request)
    counters.append(Conversation.stanza(2))
    #expect(!counters.isRequestDue)
    #expect(counters.isAnswerOpen)
    #expect(try counters.acknowledge(h: 1) == 1)
    #expect(counters.isRequestDue)
    // An acknowledgement that comes unasked leaves nothing to ask for.
    #expect(try counters.acknowledge(h: 2) == 2)
    #expect(!counters.isRequestDue)
  }

  @Test("a lost connection takes the open request with it")
  func suspension() throws {
    var counters = try Self.counters(sending: 1...2)
    _ = Self.text { counters.writeRequest(into: &$0) }
    counters.suspended()
    #expect(!counters.isAnswerOpen)
    #expect(counters.isRequestDue)
    #expect(counters.unacknowledgedCount == 2)
  }

  @Test("a resumption says what is safe, and numbers go on from there")
  func resumption() throws {
    var counters = StreamManagement()
    for _ in 1...5 { _ = counters.receive() }
    counters.handle(upTo: 2)
    counters.suspended()
    counters.resumable(inbound: 4)
    #expect(counters.h == 4)
    counters.resuming()
    #expect(counters.received == 4)
    #expect(counters.receive() == 5)
    // An older state never takes back what the server was told.
    counters.resumable(inbound: 1)
    #expect(counters.handled == 4)
  }

  @Test("a ping behind the stanzas stands for a request, and any answer to it for an acknowledgement")
  func pings() throws {
    let server = try JID("example.org")
    var counters = StreamManagement(
      method: .ping(from: try JID("things.example.org"), server: server, idPrefix: "p"))
    counters.append(Conversation.stanza(7))
    #expect(counters.isRequestDue)
    #expect(
      Self.text { counters.writeRequest(into: &$0) }
        == "<iq type='get' id='p-1' from='things.example.org' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>")
    counters.append(Conversation.stanza(8))
    #expect(!counters.isOpen(ping: "p-2"))
    #expect(counters.isOpen(ping: "p-1"))
    #expect(counters.acknowledgePing() == 7)
    #expect(!counters.isOpen(ping: "p-1"))
    #expect(counters.unacknowledged == [Conversation.stanza(8)])
    #expect(counters.isRequestDue)
  }
}
