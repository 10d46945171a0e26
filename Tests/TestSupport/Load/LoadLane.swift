import Platform

/// Messages one way through a `LoadRig`: each account in turn gets one, at a steady pace or all at once.
public final class LoadLane: Sendable {
  /// Which way.
  public let way: Traffic.Way
  /// How many messages.
  public let count: Int
  /// How many bytes each body has.
  public let size: Int
  /// Whose messages they are.
  private let accounts: Range<Int>
  private let run: String
  private let rig: LoadRig
  private let start = ContinuousClock.now
  /// When each message was sent, since `start`.
  private let moments: Lock<[Duration]>
  /// Where in the records of the receivers to look for the first of them.
  private let marks: [Int]

  /// - Parameters:
  ///   - run: distinguishes it from other lanes of the same rig; letters and digits only.
  ///   - accounts: whose messages they are, all at one XMPP server; nil for all of the rig's.
  public init(
    _ rig: LoadRig, _ way: Traffic.Way, run: String, count: Int, size: Int, accounts: Range<Int>? = nil
  ) {
    self.rig = rig
    self.way = way
    self.count = count
    self.size = size
    self.run = run
    self.accounts = accounts ?? 0..<rig.accounts
    moments = Lock(Array(repeating: .zero, count: count))
    marks = Self.records(rig, way)
  }

  /// What was heard of one message.
  public struct Arrival: Sendable {
    /// The account that it belongs to.
    public var account: Int
    /// From the sender's call to the receiver's.
    public var latency: Duration
    /// When it arrived, since the beginning.
    public var time: Duration
    /// Whether a later one of its account had arrived before it.
    public var isLate: Bool
    /// How often it arrived.
    public var times = 0
  }

  /// How long after `moment` that was which is so long after the beginning of this lane.
  public func since(_ moment: ContinuousClock.Instant, _ time: Duration) -> Duration {
    moment.duration(to: start + time)
  }

  // MARK: Sending

  /// How often a pace is looked at.
  private static let tick = Duration.milliseconds(10)

  /// Sends them all.
  /// - Parameter rate: so many a second; nil for all at once.
  public func send(rate: Double?) async throws {
    guard let rate else { return try await send(0..<count) }
    let begin = ContinuousClock.now
    var next = 0
    while next < count {
      let end = min(Int(begin.duration(to: .now).seconds * rate) + 1, count)
      if next < end {
        try await hand(next..<end, awaits: false)
        next = end
      }
      try await Task.sleep(for: Self.tick)
    }
  }

  /// Sends some of them as fast as their server takes them; returns when it has them.
  public func send(_ numbers: Range<Int>) async throws {
    // A packet id has 16 bits, and what is under way lies in memory.
    let step = min(10_000, max(1, (16 << 20) / size))
    for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: step) {
      try await hand(first..<min(first + step, numbers.upperBound), awaits: true)
    }
  }

  private func account(of number: Int) -> Int { accounts.lowerBound + number % accounts.count }

  /// - Parameter awaits: whether to wait for the broker's answers.
  private func hand(_ numbers: Range<Int>, awaits: Bool) async throws {
    let texts = numbers.map { (account(of: $0), LoadMessage(number: $0).text(run: run, size: size)) }
    let now = start.duration(to: .now)
    moments.withLock { moments in for number in numbers { moments[number] = now } }
    switch way {
    case .toXMPP:
      let messages = texts.map { MQTTMessage(LoadRig.sendTopic($0), $1) }
      if awaits {
        try await rig.device.publish(contentsOf: messages)
      } else {
        try rig.device.enqueue(messages)
      }
    case .toMQTT:
      try await rig.alice(of: accounts.lowerBound).send(
        contentsOf: zip(numbers, texts).map { number, message in
          XMPPTestClient.message(message.1, to: LoadRig.jid(message.0), id: "\(run)\(number)")
        })
    }
  }

  // MARK: Arriving

  /// Waits until all have arrived, or none has come for long.
  /// - Parameter patience: how long.
  /// - Returns: what arrived, by number.
  public func arrivals(patience: Duration = Patience.stream) async throws -> [Int: Arrival] {
    var harvest = Harvest(marks: marks)
    var (total, lastNews) = (-1, ContinuousClock.now)
    while true {
      let records = Self.records(rig, way).reduce(0, +)
      if records > total { (total, lastNews) = (records, .now) }
      let isQuiet = lastNews.duration(to: .now) > patience
      // To look at each takes the machine that is being measured: not before all of them can be there.
      if isQuiet || records - harvest.marks.reduce(0, +) >= count - harvest.found.count { collect(&harvest) }
      if isQuiet || harvest.found.count == count { return harvest.found }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// What was found in the receivers' records so far.
  private struct Harvest {
    /// How much of each record was looked at.
    var marks: [Int]
    var found: [Int: Arrival] = [:]
    /// The highest number of each account.
    var highest: [Int: Int] = [:]
  }

  /// How long the records of the receivers are: one for the device, one for each connection of alice.
  private static func records(_ rig: LoadRig, _ way: Traffic.Way) -> [Int] {
    way == .toMQTT ? [rig.device.messages.count] : rig.allAlices.map(\.bodies.count)
  }

  private func collect(_ harvest: inout Harvest) {
    switch way {
    case .toXMPP:
      for (index, alice) in rig.allAlices.enumerated() {
        if index == harvest.marks.count { harvest.marks.append(0) }
        let news = alice.bodies.timeline(from: harvest.marks[index])
        harvest.marks[index] += news.count
        for (body, moment) in news { note(body, moment, &harvest) }
      }
    case .toMQTT:
      let news = rig.device.messages.timeline(from: harvest.marks[0])
      harvest.marks[0] += news.count
      for (message, moment) in news { note(message.payload, moment, topic: message.topic, &harvest) }
    }
  }

  /// Counts one that came to the right place.
  private func note(
    _ bytes: [UInt8], _ moment: ContinuousClock.Instant, topic: String? = nil, _ harvest: inout Harvest
  ) {
    guard let message = LoadMessage(in: bytes, run: run), message.number < count else { return }
    let (number, account) = (message.number, account(of: message.number))
    guard topic == nil || topic == LoadRig.messageTopic(account) else { return }
    if harvest.found[number] == nil {
      let time = start.duration(to: moment)
      let highest = harvest.highest[account] ?? -1
      harvest.highest[account] = max(highest, number)
      harvest.found[number] = Arrival(
        account: account, latency: time - moments.withLock { $0[number] }, time: time, isLate: number < highest)
    }
    harvest.found[number]?.times += 1
  }
}
