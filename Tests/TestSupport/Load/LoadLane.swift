/// Messages one way through a `LoadRig`: each account in turn gets one, at a steady pace or all at once.
public struct LoadLane: Sendable {
  /// Which way.
  public let way: Traffic.Way
  /// How many messages.
  public let count: Int
  /// How many bytes each body has.
  public let size: Int
  private let run: String
  private let rig: LoadRig
  private let start = ContinuousClock.now
  /// Where in the records of the receiver to look for the first of them.
  private let mark: Int

  /// - Parameter run: distinguishes it from other lanes of the same way; letters only.
  public init(_ rig: LoadRig, _ way: Traffic.Way, run: String, count: Int, size: Int) {
    self.rig = rig
    self.way = way
    self.count = count
    self.size = size
    self.run = run
    mark = way == .toMQTT ? rig.device.messages.count : 0
  }

  /// What was heard of one message.
  public struct Arrival: Sendable {
    /// The account that it belongs to.
    public var account: Int
    /// From the sender's call to the receiver's.
    public var latency: Duration
    /// When it arrived, since the beginning.
    public var time: Duration
    /// How often it arrived.
    public var times = 0
  }

  // MARK: Sending

  /// How often a pace is looked at.
  private static let tick = Duration.milliseconds(10)

  /// Sends them all.
  /// - Parameter rate: so many a second; nil for all at once.
  public func send(rate: Double?) async throws {
    let begin = ContinuousClock.now
    var next = 0
    while next < count {
      // A packet id has 16 bits.
      let due = rate.map { Int(begin.duration(to: .now).seconds * $0) + 1 } ?? next + 10_000
      let end = min(due, count)
      if next < end {
        try await send(next..<end)
        next = end
      }
      if rate != nil { try await Task.sleep(for: Self.tick) }
    }
  }

  private func send(_ numbers: Range<Int>) async throws {
    let sentAt = Int(start.duration(to: .now) / .microseconds(1))
    let texts = numbers.map { ($0 % rig.accounts, LoadMessage(number: $0, sentAt: sentAt).text(run: run, size: size)) }
    switch way {
    case .toXMPP:
      try rig.device.enqueue(texts.map { MQTTMessage(LoadRig.sendTopic($0), $1) })
    case .toMQTT:
      guard let alice = rig.allAlices.last?.client else { throw TestFailure("alice is not there") }
      try await alice.send(
        contentsOf: zip(numbers, texts).map { number, message in
          XMPPTestClient.message(message.1, to: LoadRig.jid(message.0), id: "\(run)\(number)")
        })
    }
  }

  // MARK: Arriving

  /// Waits until all have arrived, or none has come for long.
  /// - Returns: what arrived, by number.
  public func arrivals() async throws -> [Int: Arrival] {
    var found: [Int: Arrival] = [:]
    var next: [Int] = []
    var lastNews = ContinuousClock.now
    while true {
      let before = found.count
      collect(&found, &next)
      if found.count > before { lastNews = .now }
      if found.count == count || lastNews.duration(to: .now) > Patience.stream { break }
      try await Task.sleep(for: .milliseconds(200))
    }
    return found
  }

  /// Looks at what is new in the receivers' records: one for the device, one for each connection of alice.
  private func collect(_ found: inout [Int: Arrival], _ next: inout [Int]) {
    switch way {
    case .toXMPP:
      for (index, alice) in rig.allAlices.enumerated() {
        if index == next.count { next.append(0) }
        let news = alice.bodies.timeline(from: next[index])
        next[index] += news.count
        for (body, moment) in news { note(body, moment, &found) }
      }
    case .toMQTT:
      if next.isEmpty { next = [mark] }
      let news = rig.device.messages.timeline(from: next[0])
      next[0] += news.count
      for (message, moment) in news { note(message.payload, moment, topic: message.topic, &found) }
    }
  }

  /// Counts one that came to the right place.
  private func note(
    _ bytes: [UInt8], _ moment: ContinuousClock.Instant, topic: String? = nil, _ found: inout [Int: Arrival]
  ) {
    guard let message = LoadMessage(in: bytes, run: run) else { return }
    let account = message.number % rig.accounts
    guard topic == nil || topic == LoadRig.messageTopic(account) else { return }
    let time = start.duration(to: moment)
    found[message.number, default: Arrival(account: account, latency: time - .microseconds(message.sentAt), time: time)]
      .times += 1
  }
}
