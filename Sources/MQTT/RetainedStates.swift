/// The values that our retained topics shall have, and who waits to hear that the broker has them.
struct RetainedStates: Sendable {
  /// One topic.
  struct Slot: Sendable {
    var state: RetainedState
    /// Counts the values of all topics; the one that is in `state`.
    var version: UInt64
    /// Waits to be sent.
    var isQueued = false
    /// Connections in a row that the broker closed while this value was in flight.
    var strikes = 0
    /// How often the broker asked for another try.
    var attempts = 0
    /// The broker closes the connection on this value: it is not sent again.
    var isPoison = false
    var waiters: [Waiter] = []
  }

  /// Somebody who wants to know when a value, or a later one, has arrived.
  struct Waiter: Sendable {
    var publisher: Int
    var token: UInt64
    var version: UInt64
  }

  private var slots: [Slot?] = []
  private var free: [Int] = []
  private var byTopic: [String: Int] = [:]
  private var lastVersion: UInt64 = 0

  subscript(slot: Int) -> Slot? {
    get { slots.indices.contains(slot) ? slots[slot] : nil }
    set { if slots.indices.contains(slot) { slots[slot] = newValue } }
  }

  /// Every slot in use, roughly in the order in which the topics first got a value.
  var indices: [Int] { slots.indices.filter { slots[$0] != nil } }

  /// Gives a topic its value and returns the topic's slot.
  mutating func set(_ state: RetainedState, publisher: Int?) -> Int {
    lastVersion += 1
    let slot: Int
    if let known = byTopic[state.topic] {
      slot = known
      var changed = slots[slot]
      changed?.state = state
      changed?.version = lastVersion
      changed?.strikes = 0
      changed?.attempts = 0
      changed?.isPoison = false
      slots[slot] = changed
    } else if let reused = free.popLast() {
      slot = reused
      slots[slot] = Slot(state: state, version: lastVersion)
      byTopic[state.topic] = slot
    } else {
      slot = slots.count
      slots.append(Slot(state: state, version: lastVersion))
      byTopic[state.topic] = slot
    }
    if let publisher, let token = state.token {
      slots[slot]?.waiters.append(Waiter(publisher: publisher, token: token, version: lastVersion))
    }
    return slot
  }

  /// Takes out everybody who waited for this version of the slot's value or an earlier one.
  mutating func takeWaiters(_ slot: Int, upTo version: UInt64) -> [Waiter] {
    guard var entry = self[slot] else { return [] }
    let served = entry.waiters.filter { $0.version <= version }
    if !served.isEmpty {
      entry.waiters.removeAll { $0.version <= version }
      slots[slot] = entry
    }
    return served
  }

  /// The broker has this version: a topic that was cleared needs no place any more.
  mutating func arrived(_ slot: Int, version: UInt64) {
    guard let entry = self[slot], entry.version == version else { return }
    slots[slot]?.strikes = 0
    slots[slot]?.attempts = 0
    guard entry.state.payload.isEmpty else { return }
    byTopic[entry.state.topic] = nil
    slots[slot] = nil
    free.append(slot)
  }
}
