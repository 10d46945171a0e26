import Mapping
import Testing
import XMPP

@Suite struct AccessPolicyTests {
  func list(_ entries: [String], wildcard: AccessList.Wildcard = .meansAnyone) throws -> AccessList {
    try AccessList(entries, wildcard: wildcard)
  }

  @Test(
    "an entry permits exactly whom it names",
    arguments: [
      ([], "alice@example.org", false),
      (["*"], "anyone@anywhere/x", true),
      (["alice@example.org"], "alice@example.org", true),
      (["alice@example.org"], "alice@example.org/phone", true),
      (["Alice@Example.ORG"], "alice@example.org", true),
      (["alice@example.org"], "bob@example.org", false),
      (["alice@example.org"], "example.org", false),
      (["alice@example.org"], "alice@example.com", false),
      (["example.org"], "alice@example.org/x", true),
      (["example.org"], "example.org", true),
      (["example.org"], "example.org/x", true),
      (["example.org"], "alice@sub.example.org", false),
      (["example.org"], "alice@notexample.org", false),
      (["example.org"], "alice@example.org.evil", false),
      (["xn--bcher-kva.example"], "a@bücher.example", true),
      (["roster"], "contact@x/y", true),
      (["roster"], "room@conference.x/y", false),
      (["roster"], "stranger@x", false),
      (["rooms"], "room@conference.x/nick", true),
      (["rooms"], "contact@x", false),
      (["roster", "rooms"], "stranger@x", false),
      (["roster", "bob@x"], "bob@x/1", true),
    ])
  func permits(entries: [String], jid: String, permitted: Bool) throws {
    let contact = try JID("contact@x")
    let room = try JID("room@conference.x")
    let list = try list(entries)
    let policy = AccessPolicy(allow: list, maySend: list)
    let jid = try JID(jid)
    #expect(policy.mayTalk(from: jid, isContact: { $0 == contact }, isRoom: { $0 == room }) == permitted)
    #expect(policy.maySend(to: jid, isContact: { $0 == contact }, isRoom: { $0 == room }) == permitted)
  }

  @Test("where nothing is configured, roster and rooms hold")
  func standard() throws {
    let policy = AccessPolicy()
    let someone = try JID("a@b/c")
    #expect(policy.mayTalk(from: someone, isContact: { $0.isBare }))
    #expect(policy.maySend(to: someone, isContact: { _ in false }, isRoom: { $0.isBare }))
    #expect(!policy.maySend(to: someone, isContact: { _ in false }))
    #expect(try AccessList.standard == list(["rooms", "roster"]))
  }

  @Test("subscriptions are approved only for whom allow names")
  func subscriptions() throws {
    let policy = AccessPolicy(
      allow: try list(["roster", "rooms", "alice@x", "trusted.org"]), maySend: try list(["*", "bob@x"]))
    for (jid, approved) in [("alice@x", true), ("alice@x/r", true), ("eve@trusted.org", true), ("bob@x", false)] {
      #expect(policy.approvesSubscription(from: try JID(jid)) == approved)
    }
    #expect(!AccessPolicy().approvesSubscription(from: try JID("a@b")))
  }

  @Test("a wrong entry is named")
  func errors() throws {
    func sentence(_ entries: [String], _ wildcard: AccessList.Wildcard = .isRefused) -> String? {
      do {
        _ = try AccessList(entries, wildcard: wildcard)
        return nil
      } catch { return "\(error.index): \(error)" }
    }
    #expect(
      sentence(["roster", "a@b/c"]) == "1: “a@b/c” has a resource; an entry is a bare address or a domain")
    #expect(sentence(["*"]) == "0: \"*\" is not possible here: name the addresses or domains")
    #expect(
      sentence(["a b"])
        == "0: “a b” is neither \"roster\" nor \"rooms\" nor an address: the domainpart must not contain U+0020 SPACE")
    #expect(
      sentence([""])
        == "0: “” is neither \"roster\" nor \"rooms\" nor an address: the domain, or a label of it, is missing")
    #expect(sentence(["*.example.org"], .meansAnyone) != nil)
    #expect(sentence(["*"], .meansAnyone) == nil)
  }
}
