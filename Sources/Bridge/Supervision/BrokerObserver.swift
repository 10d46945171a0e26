import MQTTClient
import Platform

/// Tells every account when the shared out connection comes up or goes down.
final class BrokerObserver: MQTTConnectionHandler {
  private let reporter: BridgeReporter
  private let accounts = Lock<(mailboxes: [AccountMailbox], isUp: Bool)>(([], false))

  init(reporter: BridgeReporter) {
    self.reporter = reporter
  }

  /// Names whom to tell; they hear at once how things stand.
  func watch(_ mailboxes: [AccountMailbox]) {
    let isUp = accounts.withLock { accounts in
      accounts.mailboxes = mailboxes
      return accounts.isUp
    }
    for mailbox in mailboxes { mailbox.post(.broker(isUp: isUp)) }
  }

  func connected(_ connection: MQTTConnected) {
    tell(isUp: true)
    let detail = "out connection over MQTT \(connection.version)"
    reporter.report(Report(level: .info, event: "mqtt-connected", detail: detail), entity: nil)
  }

  func disconnected(_ reason: MQTTDisconnectReason, retryIn: Duration?) {
    tell(isUp: false)
    let level: Report.Level = reason == .left ? .info : .warning
    reporter.report(Report(level: level, event: "mqtt-disconnected", detail: "\(reason)"), entity: nil)
  }

  private func tell(isUp: Bool) {
    reporter.broker(isUp: isUp)
    let mailboxes = accounts.withLock { accounts in
      accounts.isUp = isUp
      return accounts.mailboxes
    }
    for mailbox in mailboxes { mailbox.post(.broker(isUp: isUp)) }
  }
}
