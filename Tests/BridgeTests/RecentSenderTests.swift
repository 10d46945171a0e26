import Mapping
import Testing
import XMPP

@testable import Bridge

@Suite("RecentSender")
struct RecentSenderTests {
  private let topics: EntityTopics

  init() throws { topics = try TopicTree().account("home") }

  @Test("an address is what it says, whatever came before it")
  func addresses() throws {
    var sender = RecentSender()
    for text in ["peer@localhost/a", "peer@localhost/a", "Peer@LOCALHOST/a", "other@localhost"] {
      #expect(try sender.address(text) == JID(text))
    }
    #expect(throws: JIDError.self) { try sender.address("@localhost") }
    #expect(try sender.address("other@localhost") == JID("other@localhost"))
  }

  @Test("a place is the contact's, with or without resource, whoever came before")
  func places() throws {
    var sender = RecentSender()
    for text in ["peer@localhost/a", "peer@localhost/b", "peer@localhost", "o+her@localhost", "peer@localhost/a"] {
      let contact = try JID(text)
      let place = sender.place(of: contact, in: topics)
      #expect(place.level == TopicLevel.encode(contact.bare))
      #expect(place.topic == topics.message(from: contact))
    }
  }
}
