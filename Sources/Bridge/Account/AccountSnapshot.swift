/// What there is to say of an account's machine at one moment.
struct AccountSnapshot: Sendable, Equatable {
  /// What waits in one direction.
  struct Backlog: Sendable, Equatable {
    /// Messages that were taken in and that the far side has not acknowledged.
    var messages: Int
    /// Their bytes.
    var bytes: Int
    /// Stanzas that this side of the stream has not acknowledged: of ours the server, of the server's the bridge.
    var unacknowledged: Int
  }

  /// How far the reading of the archives is, its own and those of its rooms together.
  struct CatchUp: Sendable, Equatable {
    /// Messages so far.
    var read: Int
    /// How many there are in all, roughly, if the server counts them.
    var total: Int?
  }

  var counters = AccountCounters()
  /// Nil while the account is stopped, since the state file cannot be used: nothing is known of what waits in it.
  var toXMPP: Backlog?
  /// The same the other way.
  var toMQTT: Backlog?
  /// Nil if none is being read.
  var catchUp: CatchUp?
}

/// What an account has done since the process began.
struct AccountCounters: Sendable, Equatable {
  /// Messages of publishers that the server has.
  var toXMPP = 0
  /// Messages of people, statuses left out, that the broker has.
  var toMQTT = 0
  /// Streams that began anew.
  var sessions = 0
  /// Streams that went on.
  var resumes = 0
}

extension AccountCore {
  /// How things stand.
  var snapshot: AccountSnapshot {
    let received = max(newest?.number ?? 0, record.inbound)
    return AccountSnapshot(
      counters: counters,
      toXMPP: .init(
        messages: outbound.messages, bytes: outbound.bytes, unacknowledged: outbound.unacknowledgedCount),
      toMQTT: .init(
        messages: inbound.messages + setup.waiting.count, bytes: inbound.bytes,
        unacknowledged: Int(clamping: received - min(toldInbound, received))),
      catchUp: catchUp)
  }

  private var catchUp: AccountSnapshot.CatchUp? {
    let readings = ([setup.archive] + rooms.all.map(\.archive)).filter { $0.stage == .catchingUp }.compactMap(\.reading)
    guard let first = readings.first else { return nil }
    return readings.dropFirst().reduce(.init(read: first.count, total: first.total)) { sum, reading in
      .init(
        read: sum.read + reading.count,
        total: sum.total.flatMap { total in reading.total.map { total + $0 } })
    }
  }
}
