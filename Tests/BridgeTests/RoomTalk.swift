import BridgeConfig
import MQTT
import Testing
import XMLStream

@testable import Bridge
@testable import Mapping
@testable import XMPP

/// How a test speaks for a room.
protocol RoomTalk {}

extension RoomTalk {
  static var jid: String { "ops@conference.example.org" }
  static var topic: String { "xmpp/home/room/ops@conference.example.org" }

  /// An account with one room.
  func account(
    allow: [String] = ["rooms"], maySend: [String] = ["rooms", "alice@example.org"], status: StatusSelection = .all
  ) throws -> AccountHarness {
    let room = Room(
      jid: try JID(Self.jid), nick: "bridge", password: "open sesame", record: RoomRecord(nick: "bridge", since: 0))
    return try AccountHarness(allow: allow, maySend: maySend, status: status, rooms: Rooms([room]))
  }

  /// The request of this kind to the room that was sent last; what else was sent is dropped.
  func request(_ account: inout AccountHarness, _ namespace: String) throws -> XMLElement {
    try #require(
      account.sent().compactMap(\.element).last {
        $0.name == "iq" && $0.children.first?.namespace == namespace && $0.attribute("to")?.hasPrefix(Self.jid) == true
      })
  }

  /// The room says what it can do; returns the presence that enters it.
  @discardableResult
  func tellInfo(_ account: inout AccountHarness, archive: Bool) throws -> XMLElement {
    let info = try request(&account, "http://jabber.org/protocol/disco#info")
    let features = archive ? "<feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:sid:0'/>" : ""
    account.stanza(
      "<iq type='result' id='\(info.attribute("id") ?? "")' from='\(Self.jid)'>"
        + "<query xmlns='http://jabber.org/protocol/disco#info'>\(features)</query></iq>")
    account.committed()
    return try #require(account.sent().compactMap(\.element).last { $0.name == "presence" })
  }

  func presence(_ nick: String, type: String? = nil, codes: [Int] = []) -> String {
    let type = type.map { " type='\($0)'" } ?? ""
    let statuses = codes.map { "<status code='\($0)'/>" }.joined()
    return "<presence from='\(Self.jid)/\(nick)'\(type)><x xmlns='http://jabber.org/protocol/muc#user'>"
      + "<item affiliation='none' role='participant'/>\(statuses)</x></presence>"
  }

  func said(_ nick: String, _ body: String, id: String? = nil, archiveID: String? = nil, inside: String = "")
    -> String
  {
    let mark = archiveID.map { "<stanza-id xmlns='urn:xmpp:sid:0' by='\(Self.jid)' id='\($0)'/>" } ?? ""
    return "<message from='\(Self.jid)/\(nick)' to='bot@example.org/b' type='groupchat' id='\(id ?? body)'>"
      + "<body>\(body)</body>\(mark)\(inside)</message>"
  }

  func archived(_ nick: String, _ body: String, id: String, query: String) -> String {
    "<message from='\(Self.jid)' to='bot@example.org/b'><result xmlns='urn:xmpp:mam:2' queryid='\(query)' id='\(id)'>"
      + "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-22T07:00:00Z'/>"
      + "<message xmlns='jabber:client' from='\(Self.jid)/\(nick)' type='groupchat' id='\(body)'><body>\(body)</body>"
      + "</message></forwarded></result></message>"
  }

  /// An account that is in its room.
  func joined(archive: Bool = false) throws -> AccountHarness {
    var account = try account()
    account.begin()
    account.answer()
    try enter(&account, archive: archive)
    return account
  }

  /// A session that is whole enters its room.
  func enter(_ account: inout AccountHarness, archive: Bool) throws {
    try tellInfo(&account, archive: archive)
    account.stanza(presence("alice"))
    account.stanza(presence("bridge", codes: [110]))
    account.committed()
  }

  /// The server takes everything that was sent so far.
  func acknowledgeAll(_ account: inout AccountHarness) {
    account.acknowledge(upTo: account.core.outbound.nextNumber - 1)
    account.committed()
    _ = account.sent()
  }

  /// The server loses the session; the next one is whole but for its rooms.
  func loseSession(_ account: inout AccountHarness) {
    account.disconnect()
    account.loseStream()
    account.committed()
    account.begin()
    account.answer()
  }

  func bodies(_ account: inout AccountHarness) -> [String] {
    account.committed()
    return account.published().filter { $0.topic == Self.topic }.compactMap { value("body", in: $0.text) }
  }

  /// The statuses of messages to the room.
  func statuses(_ account: inout AccountHarness) -> [String] {
    account.committed()
    return account.published().filter { $0.topic == Self.topic + "/status" }.compactMap { value("state", in: $0.text) }
  }

  func value(_ name: String, in json: String) -> String? {
    guard let range = json.firstRange(of: "\"\(name)\":\"") else { return nil }
    return String(json[range.upperBound...].prefix { $0 != "\"" })
  }

  /// The value that a retained topic got last.
  func retained(_ account: inout AccountHarness, _ topic: String) -> String? {
    var text: String?
    for case .retain(topic, let payload) in account.take() { text = String(decoding: payload, as: UTF8.self) }
    return text
  }
}
