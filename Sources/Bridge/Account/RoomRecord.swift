import Mapping
import Records
import XMPP

/// What the state file keeps of a room: a resumed stream does not tell it anew.
struct RoomRecord: Sendable, Equatable {
  /// What `E/room/J/state` says.
  var state: RoomState
  /// What `E/room/J/subject` says.
  var subject: RoomSubject?
  /// Who is in the room, by nickname.
  var occupants: [String: RoomOccupant] = [:]
  /// The room has an archive, whose ids are trusted (XEP-0313, XEP-0359).
  var hasArchive = false
  /// How far that has been read.
  var archive = ArchiveCursor()
  /// When the last live message came, in milliseconds since 1970: a room without an archive is asked for its history from
  /// there on.
  var lastMessage: Int64?
  /// The latest nicknames, by which the archive shows what the bridge itself said.
  private(set) var nicks: [String] = []

  private static let nickLimit = 8

  /// A room that was never entered.
  init(nick: String, since: Int64) {
    state = RoomState(.left, nick: nick, since: since)
  }

  /// The room has given us this nickname.
  mutating func took(nick: String) {
    state.nick = nick
    nicks.removeAll { $0 == nick }
    nicks.append(nick)
    if nicks.count > Self.nickLimit { nicks.removeFirst() }
  }
}

extension RoomRecord {
  /// The record as the journal keeps it.
  var bytes: [UInt8] {
    var fields = FieldWriter()
    fields.write(state.state.rawValue)
    fields.write(state.nick)
    fields.write(state.since)
    fields.write(state.reason) { $0.write($1) }
    fields.write(subject) { fields, subject in
      fields.write(subject.subject)
      fields.write(subject.from.description)
      fields.write(subject.time)
    }
    fields.write(hasArchive)
    archive.write(into: &fields)
    fields.write(lastMessage) { $0.write($1) }
    fields.write(list: nicks) { $0.write($1) }
    return fields.bytes
  }

  /// The occupants, which the journal keeps beside the record.
  var occupantBytes: [UInt8] {
    var fields = FieldWriter()
    fields.write(list: Array(occupants.values)) { fields, occupant in
      fields.write(occupant.nick)
      fields.write(occupant.jid) { $0.write($1.description) }
      fields.write(occupant.role.rawValue)
      fields.write(occupant.affiliation.rawValue)
      fields.write(occupant.show) { $0.write($1.rawValue) }
    }
    return fields.bytes
  }

  /// Reads a record back; throws if the journal's bytes are damaged.
  init(_ bytes: [UInt8], occupants list: [UInt8]?) throws(FieldError) {
    var fields = FieldReader(bytes)
    let state = RoomState.State(rawValue: try fields.readString()) ?? .left
    let nick = try fields.readString()
    let since = try fields.read(Int64.self)
    let reason = try fields.readOptional { fields throws(FieldError) in try fields.readString() }
    self.state = RoomState(state, nick: nick, since: since, reason: reason)
    subject = try fields.readOptional { fields throws(FieldError) in try RoomSubject(&fields) } ?? nil
    hasArchive = try fields.readBool()
    archive = try ArchiveCursor(from: &fields)
    lastMessage = try fields.readOptional { fields throws(FieldError) in try fields.read() }
    nicks = try fields.readList { fields throws(FieldError) in try fields.readString() }
    try fields.finish()
    guard let list else { return }
    fields = FieldReader(list)
    let found = try fields.readList { fields throws(FieldError) in try RoomOccupant(&fields) }
    try fields.finish()
    for occupant in found { occupants[occupant.nick] = occupant }
  }
}

extension RoomSubject {
  /// nil if the speaker is no JID, which only damage could bring about.
  fileprivate init?(_ fields: inout FieldReader) throws(FieldError) {
    let subject = try fields.readString()
    let from = try fields.readString()
    let time = try fields.read(Int64.self)
    guard let from = try? JID(from) else { return nil }
    self.init(subject: subject, from: from, time: time)
  }
}

extension RoomOccupant {
  fileprivate init(_ fields: inout FieldReader) throws(FieldError) {
    let nick = try fields.readString()
    let jid = try fields.readOptional { fields throws(FieldError) in try fields.readString() }
    let role = MultiUserChat.Role(rawValue: try fields.readString()) ?? .none
    let affiliation = MultiUserChat.Affiliation(rawValue: try fields.readString()) ?? .none
    let show = try fields.readOptional { fields throws(FieldError) in try fields.readString() }
    self.init(
      nick: nick, jid: jid.flatMap { try? JID($0) }, role: role, affiliation: affiliation,
      show: show.flatMap(Presence.Show.init))
  }
}
