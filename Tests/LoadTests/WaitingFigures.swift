import TestSupport

/// Everything that was measured with so many messages waiting. What is nil was not looked at.
struct WaitingFigures: Sendable {
  /// Messages, how long they took, and what the bridge used for them.
  struct Work: Sendable {
    var messages = 0
    var time = Duration.zero
    var cpu = Duration.zero

    /// Messages a second.
    var rate: Double { time > .zero ? Double(messages) / time.seconds : 0 }
    /// Microseconds of CPU for each.
    var cost: Double { cpu.seconds * 1e6 / Double(max(messages, 1)) }

    static func + (one: Work, other: Work) -> Work {
      Work(messages: one.messages + other.messages, time: one.time + other.time, cpu: one.cpu + other.cpu)
    }
  }

  /// An account at full speed, each way by itself.
  struct Speed: Sendable {
    var toXMPP = Work()
    var toMQTT = Work()
  }

  /// Bytes resident.
  struct Memory: Sendable {
    /// After some traffic, before anything waited.
    var before = 0.0
    /// The most while they came, while they waited and the other account had traffic, and while they left.
    var coming: Double?
    var leaving: Double?
    /// With all of them and nothing to do.
    var resting: Double?
    /// When they had left.
    var after: Double?
  }

  let waiting: Int
  /// What the account itself does that way while nothing waits.
  var empty = Work()
  /// Taking them in: the first tenth, and the last.
  var first: Work?
  var last: Work?
  var memory = Memory()
  /// Of a core, of the bridge while they wait and nothing happens.
  var idle: Double?
  /// Bytes of the state file with its log while they wait, and when they have left.
  var fileResting: Double?
  var fileAfter: Double?
  /// The other account, while nothing waits yet, while they wait, and when they have left.
  var otherBefore: Speed?
  var otherMeanwhile: Speed?
  var otherAfter: Speed?
  /// All of them leaving.
  var drain: Work?
  /// From the return of who was away to the first of them, which is how long the bridge's wait for its next attempt was.
  var pause: Duration?
  /// Of a core, of each program while they left.
  var shares: [LoadProgram: Double] = [:]
  var crossing: Crossing?
  /// Messages of all the other measurements that were lost.
  var lostBesides = 0

  /// What must not be, in words.
  var breaches: [String] {
    var breaches: [String] = []
    if let crossing {
      if crossing.lost > 0 { breaches.append("\(crossing.lost) lost, such as \(crossing.missing.prefix(5))") }
      if crossing.doubled > 0 { breaches.append("\(crossing.doubled) came twice") }
      if crossing.late > 0 { breaches.append("\(crossing.late) came out of order") }
    }
    if lostBesides > 0 { breaches.append("\(lostBesides) lost of those that did not have to wait") }
    return breaches
  }
}
