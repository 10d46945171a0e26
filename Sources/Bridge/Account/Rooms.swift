import Journal
import Mapping
import XMPP

/// The rooms of an account, by their bare addresses.
struct Rooms: Sendable {
  private var rooms: [JID: Room] = [:]
  /// In the order of the configuration.
  private(set) var addresses: [JID] = []
  /// Our places in rooms that an earlier configuration had: what those left in the journal and at the broker goes.
  private(set) var former: [JID] = []

  /// - Parameter former: full addresses.
  init(_ rooms: [Room] = [], former: [JID] = []) {
    self.rooms = Dictionary(rooms.map { ($0.jid, $0) }, uniquingKeysWith: { $1 })
    addresses = rooms.map(\.jid)
    self.former = former
  }

  var isEmpty: Bool { rooms.isEmpty }

  /// Whether this is the bare address of one.
  func contains(_ jid: JID) -> Bool { !rooms.isEmpty && rooms[jid] != nil }

  /// The room with this bare address.
  subscript(jid: JID) -> Room? {
    get { rooms.isEmpty ? nil : rooms[jid] }
    set { rooms[jid] = newValue }
  }

  /// All of them, in order.
  var all: some Sequence<Room> { addresses.lazy.compactMap { rooms[$0] } }

  /// Live messages of some room wait.
  var holdMessages: Bool { !rooms.isEmpty && rooms.values.contains { $0.holdsMessages } }

  /// What rooms mean for the messages that go to them, by their status topics; a room that takes every message is not in it.
  func obstacles(_ topics: EntityTopics) -> [String: OutboundFlow.Obstacle] {
    var obstacles: [String: OutboundFlow.Obstacle] = [:]
    for room in rooms.values {
      guard let obstacle = room.obstacle else { continue }
      obstacles[topics.roomStatus(of: room.jid)] = obstacle
    }
    return obstacles
  }

  /// Whether there is something for `takeChanges`.
  var haveChanged: Bool {
    !former.isEmpty || (!rooms.isEmpty && rooms.values.contains { $0.isDirty || !$0.changes.isEmpty })
  }

  /// Takes what has changed since it was last asked: what the journal has to take note of, and retained topics with their
  /// values.
  mutating func takeChanges(
    keys: AccountKeys, topics: EntityTopics
  ) -> (operations: [JournalOperation], values: [(topic: String, payload: [UInt8])]) {
    let gone = former.map(\.bare)
    var operations = gone.flatMap { room in
      [keys.room(room), keys.roomOccupants(room)].map { JournalOperation.set(key: $0, nil) }
    }
    var values = gone.flatMap { room in Room.Topic.allCases.map { (topics.topic($0, of: room), [UInt8]()) } }
    former = []
    for (jid, room) in rooms where room.isDirty || !room.changes.isEmpty {
      operations.append(.set(key: keys.room(jid), room.record.bytes))
      // They may be many, and are written only if they changed.
      if room.changes.contains(.occupants) {
        operations.append(.set(key: keys.roomOccupants(jid), room.record.occupantBytes))
      }
      values += room.changes.map { (topics.topic($0, of: jid), room.payload(of: $0)) }
      rooms[jid]?.isDirty = false
      rooms[jid]?.changes = []
    }
    return (operations, values)
  }
}

extension Room {
  /// What keeps messages from the room.
  var obstacle: OutboundFlow.Obstacle? {
    switch stage {
    case .joined: archive.stage == .lookingUp ? .doubt : nil
    case .out, .asking, .entering, .making, .resting: refusal.map { .refusal($0) } ?? .absence
    }
  }

  /// What a retained topic of the room says; nothing clears it.
  func payload(of topic: Topic) -> [UInt8] {
    switch topic {
    case .state: record.state.json
    case .subject: record.subject?.json ?? []
    case .occupants: RoomOccupant.json(Array(record.occupants.values))
    }
  }
}

extension EntityTopics {
  fileprivate func topic(_ topic: Room.Topic, of room: JID) -> String {
    switch topic {
    case .state: roomState(of: room)
    case .subject: roomSubject(of: room)
    case .occupants: roomOccupants(of: room)
    }
  }
}
