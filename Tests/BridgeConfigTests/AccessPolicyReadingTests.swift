import BridgeConfig
import Mapping
import Testing
import XMPP

@Suite("allow and may_send")
struct AccessPolicyReadingTests {
  static let faults: [Fault] = [
    .behind(
      "list of another type", #"allow = "roster""#,
      says: #"7:9: account.allow is a string; it must be an array, such as allow = ["alice@example.org"]"#),
    .behind(
      "entry of another type", "may_send = [1]",
      says: """
        7:13: an element of account.may_send is an integer; it must be a JID, a domain, "roster" or "rooms", \
        such as may_send = ["alice@example.org"]
        """),
    .behind(
      "anybody may talk to MQTT", #"allow = ["*"]"#,
      says: """
        7:10: an element of account.allow is not usable: "*" is not possible here: name the addresses or domains
        """),
    .behind(
      "full JID", #"allow = ["alice@example.org/phone"]"#,
      says: """
        7:10: an element of account.allow is not usable: “alice@example.org/phone” has a resource; an entry is a bare \
        address or a domain
        """),
    .behind(
      "several faults", #"may_send = ["@", "roster", "a b"]"#,
      says: """
        7:13: an element of account.may_send is not usable: “@” is neither "roster" nor "rooms" nor an address: \
        there is nothing before the @
        """,
      """
      7:28: an element of account.may_send is not usable: “a b” is neither "roster" nor "rooms" nor an address: \
      the domainpart must not contain U+0020 SPACE
      """),
    .behind(
      "a slip that is a domain", #"allow = ["room", "rooster", "rostrum"]"#,
      says: #"7:10: warning: account.allow: “room” is taken for a domain; if the word is meant, write "rooms""#,
      #"7:18: warning: account.allow: “rooster” is taken for a domain; if the word is meant, write "roster""#),
  ]

  @Test("says what is wrong, where, and what would be right", arguments: faults)
  func says(fault: Fault) {
    #expect(fault.diagnostics == fault.says)
  }

  @Test("both default to the roster and the rooms")
  func defaults() {
    let access = Sample.load(Sample.broker + Sample.account).configuration?.accounts.first?.access
    #expect(access == AccessPolicy(allow: .standard, maySend: .standard))
  }

  @Test("entries are words, bare addresses and domains; an empty list is nobody")
  func entries() throws {
    let loaded = Sample.load(
      Sample.broker + Sample.account + #"allow = []"# + "\n" + #"may_send = ["*", "Alice@Example.org", "example.com"]"#)
    let access = try #require(loaded.configuration?.accounts.first?.access)
    #expect(access.allow == AccessList())
    #expect(access.maySend.anyone)
    #expect(!access.maySend.roster)
    #expect(access.maySend.jids == [try JID("alice@example.org")])
    #expect(access.maySend.domains == [try JID("example.com")])
  }
}
