import TestSupport
import Testing

@testable import Delivery

/// The ledger's rules, written down the slow way: every message ever read stays in an array and is looked at each time.
private struct NaiveLedger {
  struct Message {
    let readAt: Duration
    var copies: Int
    var isForgotten = false
  }

  let hold: Duration
  let holdMessages: Int
  var messages: [Message] = []
  var synced = 0
  var asked: Int?
  var released = 0
  var isPaused = false
  var isDown = false
  var isImpatient = false
  /// When the last sync was asked for, and how long one has taken at most.
  var askedAt = Duration.zero
  var longestSync = Duration.zero
  /// Until when the ledger waits for acknowledgements instead of a sync, at the latest.
  var patientUntil = Duration.zero

  /// Messages from the first that are safe without a gap, or belong to a connection that is gone. What is safe stays safe,
  /// so the released ones, checked when they were, need no second look.
  var safePrefix: Int {
    var count = released
    while count < messages.count, messages[count].isForgotten || messages[count].copies == 0 || count < synced {
      count += 1
    }
    return count
  }

  var oldestUnsafe: Message? { safePrefix < messages.count ? messages[safePrefix] : nil }

  func mustTakeCustody(at now: Duration) -> Bool {
    guard oldestUnsafe != nil else { return false }
    return isUrgent(at: now) || messages.count - safePrefix >= holdMessages
  }

  func isUrgent(at now: Duration) -> Bool {
    guard let oldestUnsafe else { return false }
    return now - oldestUnsafe.readAt >= hold || isDown || isImpatient
  }
}

/// An expectation that costs nothing while it holds: these histories check millions of them.
private func check(_ holds: Bool, _ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation) {
  if !holds { Issue.record(comment, sourceLocation: location) }
}

/// A ledger beside its model: each input goes to both, each action is checked against the model.
private struct Pair {
  var ledger: Ledger
  var model: NaiveLedger
  var now: Duration = .zero
  var syncs = 0
  /// How often an acknowledgement was waited for instead of a sync.
  var patient = 0

  init(hold: Duration, holdMessages: Int) {
    ledger = Ledger(hold: hold, holdMessages: holdMessages)
    model = NaiveLedger(hold: hold, holdMessages: holdMessages)
  }

  mutating func append(copies: Int) {
    let position = ledger.append(copies: copies, now: now)
    model.messages.append(.init(readAt: now, copies: copies))
    check(position.rawValue == UInt64(model.messages.count))
  }

  mutating func confirm(_ index: Int) {
    ledger.confirmed(.init(rawValue: UInt64(index) + 1), now: now)
    guard model.messages[index].copies > 0, !model.messages[index].isForgotten else { return }
    model.messages[index].copies -= 1
    if model.messages[index].copies == 0, now - model.messages[index].readAt <= model.hold / 10 {
      model.isImpatient = false
    }
  }

  mutating func synced(_ count: Int) {
    ledger.synced(upTo: .init(rawValue: UInt64(count)), now: now)
    model.synced = max(model.synced, count)
    guard let asked = model.asked, asked <= model.synced else { return }
    model.asked = nil
    model.longestSync = max(model.longestSync, now - model.askedAt)
  }

  mutating func reset() {
    ledger.reset(upstream: UInt64(model.messages.count))
    for index in model.messages.indices { model.messages[index].isForgotten = true }
    model.released = model.messages.count
    model.asked = nil
    model.isPaused = false
  }

  mutating func settle() {
    while let action = ledger.nextAction(now: now) {
      if let oldest = model.oldestUnsafe, now - oldest.readAt >= model.hold { model.isImpatient = true }
      switch action {
      case .release(let number):
        check(Int(number) > model.released)
        check(Int(number) <= model.safePrefix, "released what is neither confirmed nor synced")
        model.released = Int(number)
      case .pause:
        check(!model.isPaused && model.mustTakeCustody(at: now))
        model.isPaused = true
        model.patientUntil = now + model.longestSync
      case .sync(let position):
        check(model.isPaused && model.asked == nil && model.safePrefix < model.messages.count)
        check(Int(position.rawValue) == model.messages.count)
        model.asked = Int(position.rawValue)
        model.askedAt = now
        syncs += 1
      case .resume:
        check(model.isPaused && model.safePrefix == model.messages.count)
        model.isPaused = false
      }
    }
    if let oldest = model.oldestUnsafe, now - oldest.readAt >= model.hold { model.isImpatient = true }
    check(model.released == model.safePrefix, "kept back what is safe")
    check(ledger.unreleased == model.messages.count - model.safePrefix)
    check(ledger.oldestReading == model.oldestUnsafe?.readAt)
    if model.isPaused, let deadline = ledger.deadline {
      patient += 1
      check(!model.isUrgent(at: now), "patience that nobody can afford")
      check(deadline > now && deadline <= model.patientUntil, "custody is not taken in time")
    } else if model.isPaused || model.mustTakeCustody(at: now) {
      check(model.isPaused && model.asked != nil, "custody is not taken in time")
    } else if !model.isPaused {
      check(ledger.deadline == model.oldestUnsafe.map { $0.readAt + model.hold })
    }
  }

  /// Lets time pass, waking the ledger when it wants to be woken.
  mutating func advance(by step: Duration) {
    let end = now + step
    while let deadline = ledger.deadline, deadline <= end {
      now = max(now, deadline)
      settle()
    }
    now = end
  }
}

@Suite("Ledger against a naive model")
struct LedgerPropertyTests {
  @Test("releases exactly what is safe and takes custody exactly in time", arguments: 0..<16)
  func randomHistories(block: UInt64) {
    var patient = 0
    for seed in (block * 250)..<(block * 250 + 250) {
      var random = SeededGenerator(seed: seed)
      var pair = Pair(
        hold: .milliseconds([0, 50, 1000].randomElement(using: &random) ?? 0),
        holdMessages: Int.random(in: 1...20, using: &random))
      let isPrompt = random.chance(50)
      for _ in 0..<80 {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<35:
          for _ in 0..<Int.random(in: 1...6, using: &random) {
            pair.append(copies: Int.random(in: 0...3, using: &random))
          }
        case 35..<70:
          guard !pair.model.messages.isEmpty else { continue }
          let recent = max(0, pair.model.messages.count - 12)..<pair.model.messages.count
          for _ in 0..<Int.random(in: 1...8, using: &random) { pair.confirm(Int.random(in: recent, using: &random)) }
        case 70..<82:
          if let asked = pair.model.asked { pair.synced(asked) }
        case 82..<85:
          pair.synced(Int.random(in: 0...pair.model.messages.count, using: &random))
        case 85..<90:
          pair.model.isDown.toggle()
          if pair.model.isDown { pair.ledger.sessionDown() } else { pair.ledger.sessionUp() }
        case 90..<92:
          pair.reset()
        default:
          pair.advance(by: .milliseconds(Int.random(in: 0...(isPrompt ? 10 : 1500), using: &random)))
        }
        pair.settle()
      }
      // Once everything is confirmed or synced, everything is released and reading goes on.
      if random.chance(50) {
        pair.synced(pair.model.messages.count)
      } else {
        for index in pair.model.messages.indices {
          while pair.model.messages[index].copies > 0, !pair.model.messages[index].isForgotten { pair.confirm(index) }
        }
      }
      pair.settle()
      #expect(pair.ledger.unreleased == 0 && !pair.model.isPaused && pair.ledger.deadline == nil)
      patient += pair.patient
    }
    #expect(patient > 10)
  }

  @Test("never asks for a sync while everything is confirmed in time and little waits", arguments: 0..<4)
  func noNeedlessSync(block: UInt64) {
    for seed in (block * 50)..<(block * 50 + 50) {
      var random = SeededGenerator(seed: seed)
      var pair = Pair(hold: .seconds(2), holdMessages: 16)
      var open: [(index: Int, readAt: Duration)] = []
      for _ in 0..<200 {
        if open.count < 15, random.chance(60) {
          pair.append(copies: 1)
          open.append((pair.model.messages.count - 1, pair.now))
        }
        // The oldest goes before its hold is over, the others whenever chance has it; none may hold up the count.
        if let oldest = open.first, pair.now - oldest.readAt > .milliseconds(1500) || random.chance(40) {
          pair.confirm(open.removeFirst().index)
        }
        pair.settle()
        pair.advance(by: .milliseconds(Int.random(in: 0...30, using: &random)))
      }
      #expect(pair.syncs == 0)
    }
  }

  @Test(
    "what was synced and is never confirmed is forgotten, in impatience after a tenth of hold",
    arguments: [true, false])
  func flatMemory(isImpatient: Bool) {
    var ledger = Ledger(hold: .seconds(2), holdMessages: 16)
    if isImpatient {
      _ = ledger.append(copies: 1, now: .seconds(-2))
    } else {
      ledger.sessionDown()
    }
    var most = 0
    for number in 0..<10_000 {
      let now = Duration.milliseconds(number)
      let position = ledger.append(copies: 1, now: now)
      while ledger.nextAction(now: now) != nil {}
      ledger.synced(upTo: position, now: now)
      while ledger.nextAction(now: now) != nil {}
      most = max(most, ledger.retained)
    }
    #expect(most == (isImpatient ? 201 : 0))
  }
}
