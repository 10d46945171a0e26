import MQTTClient
import Platform

/// Tells every account when the shared out connection comes up or goes down.
final class BrokerObserver: MQTTConnectionHandler {
  private let reporter: BridgeReporter
  private let accounts: Lock<(mailboxes: [AccountMailbox], link: BrokerStatus)>

  init(reporter: BridgeReporter) {
    self.reporter = reporter
    accounts = Lock(([], BrokerStatus(since: Clocks.wall())))
  }

  /// How the connection stands.
  var status: BrokerStatus { accounts.withLock { $0.link } }

  /// Names whom to tell; they hear at once how things stand.
  func watch(_ mailboxes: [AccountMailbox]) {
    // Told within the lock, here and below: in another order than that of the events, what is up would be taken for down,
    // and nothing would be published any more.
    accounts.withLock { accounts in
      accounts.mailboxes = mailboxes
      for mailbox in mailboxes { mailbox.post(.broker(isUp: accounts.link.isUp)) }
    }
  }

  func connected(_ connection: MQTTConnected) {
    tell(BrokerStatus(isUp: true, since: Clocks.wall(), version: connection.version))
    let detail = "out connection over MQTT \(connection.version)"
    reporter.report(Report(level: .info, event: "mqtt-connected", detail: detail), entity: nil)
  }

  func disconnected(_ reason: MQTTDisconnectReason, retryIn: Duration?) {
    tell(BrokerStatus(since: Clocks.wall(), reason: reason.description))
    let level: Report.Level = reason == .left ? .info : .warning
    reporter.report(Report(level: level, event: "mqtt-disconnected", detail: "\(reason)"), entity: nil)
  }

  /// Takes note of how the connection stands now, and tells everybody.
  func tell(_ link: BrokerStatus) {
    reporter.broker(isUp: link.isUp)
    accounts.withLock { accounts in
      accounts.link.become(link)
      for mailbox in accounts.mailboxes { mailbox.post(.broker(isUp: link.isUp)) }
    }
  }
}
