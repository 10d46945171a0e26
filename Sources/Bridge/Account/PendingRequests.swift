import XMPP

/// Requests of the account's own (iq) that wait for their answers: each is answered, given up, or gone with its stream.
struct PendingRequests<Purpose: Sendable>: Sendable {
  private struct Entry: Sendable {
    var purpose: Purpose
    var recipient: JID?
    var deadline: Duration
  }

  private var open: [String: Entry] = [:]

  /// For how long an answer is waited for.
  private static var patience: Duration { .seconds(30) }

  init() {}

  /// Whether nothing is waited for.
  var isEmpty: Bool { open.isEmpty }

  /// When the next request is given up. Asked for at every turn, and therefore kept.
  private(set) var deadline: Duration?

  /// Whether something was waited for long enough.
  func isDue(_ now: Duration) -> Bool { deadline.map { $0 <= now } ?? false }

  /// A request was sent.
  /// - Parameter recipient: to whom; nil for the account itself.
  mutating func asked(_ purpose: Purpose, id: String, of recipient: JID? = nil, now: Duration) {
    add(Entry(purpose: purpose, recipient: recipient, deadline: now + Self.patience), id: id)
  }

  /// Nothing is asked now: the purpose expires after so long, unless the stream is gone by then.
  mutating func postpone(_ purpose: Purpose, id: String, for time: Duration, now: Duration) {
    add(Entry(purpose: purpose, recipient: nil, deadline: now + time), id: id)
  }

  private mutating func add(_ entry: Entry, id: String) {
    open[id] = entry
    deadline = deadline.earlier(entry.deadline)
  }

  private mutating func findDeadline() { deadline = open.values.lazy.map { $0.deadline }.min() }

  /// What an iq answers; nil if it answers nothing, or comes from somebody who was not asked.
  mutating func take(_ iq: IQ, account: JID) -> Purpose? {
    guard let entry = open[iq.id], iq.answers(iq.id, to: entry.recipient, of: account) else { return nil }
    open[iq.id] = nil
    findDeadline()
    return entry.purpose
  }

  /// What was waited for long enough.
  mutating func expire(now: Duration) -> [Purpose] {
    guard isDue(now) else { return [] }
    let late = open.filter { $0.value.deadline <= now }
    for id in late.keys { open[id] = nil }
    findDeadline()
    return late.values.map(\.purpose)
  }

  /// The stream was interrupted and goes on: the answers come later.
  mutating func wait(from now: Duration) {
    for id in open.keys { open[id]?.deadline = now + Self.patience }
    findDeadline()
  }

  /// The stream is gone, and with it every answer.
  mutating func forgetAll() {
    open.removeAll()
    deadline = nil
  }
}
