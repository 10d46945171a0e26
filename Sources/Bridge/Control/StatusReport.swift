import Journal
import Mapping

/// How the bridge stands: what the control socket answers to `status`.
struct StatusReport: Sendable {
  var version: String
  /// When the bridge was started, in milliseconds since 1970.
  var started: Int64
  /// For how long it has run. Not the difference of two wall clocks: those are set.
  var uptime: Duration
  /// The broker's URL.
  var endpoint: String
  var broker: BrokerStatus
  /// Publishes that the out connection has and the broker has not answered.
  var publishesWaiting: Int
  /// QoS 0 publishes that were dropped for want of a connection.
  var publishesDropped: Int
  var journal: JournalStatistics
  /// What the state file and its log take on the disk.
  var fileBytes: Int
  var accounts: [AccountStatus]

  /// One object, in one line.
  var json: [UInt8] {
    var writer = JSONWriter(capacity: 1_024)
    writer.beginObject()
    writer.member("version", version)
    writer.member("started", time: started)
    writer.member("uptime_s", uptime.components.seconds)
    writer.name("broker")
    writer.beginObject()
    writer.member("url", endpoint)
    broker.write(into: &writer)
    writer.member("waiting", publishesWaiting)
    writer.member("dropped", publishesDropped)
    writer.endObject()
    writeJournal(into: &writer)
    writer.name("accounts")
    writer.beginArray()
    for account in accounts { account.write(into: &writer) }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  private func writeJournal(into writer: inout JSONWriter) {
    let backlogs = accounts.flatMap { [$0.snapshot.toXMPP, $0.snapshot.toMQTT] }.compactMap(\.self)
    writer.name("journal")
    writer.beginObject()
    writer.member("messages", backlogs.reduce(0) { $0 + $1.messages })
    writer.member("bytes", backlogs.reduce(0) { $0 + $1.bytes })
    writer.member("file_bytes", fileBytes)
    writer.member("transactions", journal.transactions)
    writer.member("syncs", journal.syncs)
    writer.member("failures", journal.failures)
    writer.member("reason", journal.lastFailure.map { "\($0)" })
    writer.endObject()
  }
}
