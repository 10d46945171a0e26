import Testing
import XMLStream
import XMPP

@testable import Bridge

/// What `check --connect` learns from Service Discovery, whoever answers and in whatever order.
@Suite("An inquiry about a server")
struct ServerInquiryTests {
  private static let info = "http://jabber.org/protocol/disco#info"
  private static let items = "http://jabber.org/protocol/disco#items"

  private var inquiry: ServerInquiry
  /// Ids of the first requests: to the account, to the server, for its components.
  private let ids: [String]

  init() throws {
    inquiry = ServerInquiry(account: try JID("bot@example.org/check"), idPrefix: "q")
    ids = try inquiry.start().map { try Self.id(of: $0) }
  }

  private static func id(of request: [UInt8]) throws -> String {
    try #require(try XMLElement(parsing: String(decoding: request, as: UTF8.self)).attribute("id"))
  }

  private static func answer(_ id: String, from: String, _ inside: String, type: String = "result") throws -> IQ {
    try #require(
      IQ(try XMLElement(parsing: "<iq type='\(type)' id='\(id)' from='\(from)'>\(inside)</iq>")))
  }

  private static func features(_ names: String...) -> String {
    "<query xmlns='\(info)'>\(names.map { "<feature var='\($0)'/>" }.joined())</query>"
  }

  private static func components(_ jids: String...) -> String {
    "<query xmlns='\(items)'>\(jids.map { "<item jid='\($0)'/>" }.joined())</query>"
  }

  @Test("finds the archive at the account, carbons at the server and uploads at a component")
  mutating func everything() throws {
    _ = inquiry.received(
      try Self.answer(ids[2], from: "example.org", Self.components("rooms.example.org", "upload.example.org")))
    _ = inquiry.received(try Self.answer(ids[0], from: "bot@example.org", Self.features("urn:xmpp:mam:2")))
    _ = inquiry.received(try Self.answer(ids[1], from: "example.org", Self.features("urn:xmpp:carbons:2")))
    #expect(!inquiry.isDone && inquiry.upload == nil)
    // The room service has not answered, and need not any more.
    let upload = try Self.answer("q-5", from: "upload.example.org", Self.features("urn:xmpp:http:upload:0"))
    _ = inquiry.received(upload)
    #expect(inquiry.isDone)
    #expect((inquiry.archive, inquiry.carbons, inquiry.upload) == (true, true, true))
  }

  @Test("takes errors for a no")
  mutating func errors() throws {
    for (id, from) in zip(ids, ["bot@example.org", "example.org", "example.org"]) {
      _ = inquiry.received(try Self.answer(id, from: from, "<error type='cancel'/>", type: "error"))
    }
    #expect(inquiry.isDone)
    #expect((inquiry.archive, inquiry.carbons, inquiry.upload) == (false, false, false))
  }

  @Test("leaves open what a component does not answer")
  mutating func silence() throws {
    let requests = inquiry.received(try Self.answer(ids[2], from: "example.org", Self.components("upload.example.org")))
    #expect(requests.count == 1)
    _ = inquiry.received(try Self.answer(ids[0], from: "bot@example.org", Self.features()))
    _ = inquiry.received(try Self.answer(ids[1], from: "example.org", Self.features()))
    #expect(!inquiry.isDone)
    #expect(inquiry.upload == nil)
  }

  @Test("believes nobody who answers in another's place")
  mutating func impostor() throws {
    let requests = inquiry.received(
      try Self.answer(ids[1], from: "mallory@example.net/x", Self.features("urn:xmpp:carbons:2")))
    #expect(requests.isEmpty && inquiry.carbons == nil)
  }

  @Test("asks a limited number of components")
  mutating func manyComponents() throws {
    let many = (0..<100).map { "<item jid='c\($0).example.org'/>" }.joined()
    let answer = try Self.answer(ids[2], from: "example.org", "<query xmlns='\(Self.items)'>\(many)</query>")
    #expect(inquiry.received(answer).count == 32)
  }
}
