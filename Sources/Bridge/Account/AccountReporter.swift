import Logging
import MQTTClient
import Mapping
import Platform
import XMPP

/// Tells people about one account: `E/state`, the log and events.
struct AccountReporter {
  private let bridge: BridgeReporter
  private let account: String
  private let topics: EntityTopics
  private let jid: JID
  /// What `E/state` says; nil before it says anything.
  private(set) var last: EntityState?
  /// The stream is parked, or the in connection suspended, since there is no room: told once as such, and not again by
  /// every connection that ends and comes back for it.
  private var isStreamParked = false
  private var isInboundSuspended = false

  init(bridge: BridgeReporter, account: String, topics: EntityTopics, jid: JID) {
    self.bridge = bridge
    self.account = account
    self.topics = topics
    self.jid = jid
  }

  /// Something people should know.
  mutating func report(_ report: Report) {
    var report = report
    if report.event == "resumed", isStreamParked { report.level = .debug }
    bridge.report(report, entity: account)
    guard report.event == "resumed" || report.event == "connected" else { return }
    isStreamParked = false
    bridge.lookForDescriptors()
  }

  /// A retained topic of the account has this value.
  func retain(_ topic: String, _ payload: [UInt8]) { bridge.retain(topic, payload) }

  /// The stream is being parked for want of room.
  mutating func parks() { isStreamParked = true }

  /// A step on a message's way, for whoever follows one.
  func trace(_ step: @autoclosure () -> String) {
    bridge.log.debug("\(step())", metadata: ["entity": "\(account)"])
  }

  /// Publishes `E/state` if it says something new. `since` is kept while only the reason changes.
  mutating func state(_ state: EntityState.State, jid: JID? = nil, reason: String? = nil) {
    var next = EntityState(state, jid: jid ?? self.jid, since: Clocks.wall(), reason: reason)
    if let last, last.state == state {
      guard last.reason != reason || last.jid != next.jid else { return }
      next.since = last.since
    }
    last = next
    bridge.retain(topics.state, next.json)
  }

  /// The stream's connection ended, or none came about.
  mutating func ended(_ end: ConnectionEnd, resumable: Bool, retryIn: Duration?) {
    let retry = retryIn.map { "; the next attempt is \(Self.text($0))" } ?? ""
    let level: Report.Level
    switch end {
    case .session(.loggedOut), .session(.parked): level = isStreamParked ? .debug : .info
    case .unreachable, .session(.ioLost), .session(.peerClosed), .session(.timeout): level = .warning
    case .untrusted, .session: level = .error
    }
    report(Report(level: level, event: Self.event(of: end), detail: "\(end)\(retry)"))
    if case .unreachable = end { bridge.lookForDescriptors() }
    guard retryIn != nil else { return }
    state(resumable ? .resuming : .offline, reason: "\(end)")
  }

  private static func event(of end: ConnectionEnd) -> String {
    switch end {
    case .unreachable: "unreachable"
    case .untrusted: "untrusted"
    case .session(.notAuthorized), .session(.accountDisabled), .session(.credentialsExpired),
      .session(.authenticationFailed), .session(.temporaryAuthenticationFailure):
      "login-refused"
    case .session(.noTLS), .session(.tls): "no-tls"
    case .session(.conflict): "conflict"
    case .session(.loggedOut), .session(.parked): "left"
    case .session: "disconnected"
    }
  }

  /// The in connection came up.
  mutating func brokerConnected(_ connection: MQTTConnected) {
    let session = connection.sessionPresent ? "the broker kept the session" : "a new session"
    let level: Report.Level = isInboundSuspended ? .debug : .info
    isInboundSuspended = false
    report(
      Report(level: level, event: "mqtt-connected", detail: "in connection over MQTT \(connection.version): \(session)")
    )
  }

  /// The in connection went down, or an attempt failed.
  mutating func brokerDisconnected(_ reason: MQTTDisconnectReason, retryIn: Duration?) {
    let retry = retryIn.map { "; the next attempt is \(Self.text($0))" } ?? ""
    let level: Report.Level
    switch reason {
    case .suspended:
      isInboundSuspended = true
      level = .debug
    case .left: level = .info
    default: level = .warning
    }
    report(Report(level: level, event: "mqtt-disconnected", detail: "\(reason)\(retry)"))
    if retryIn != nil { bridge.lookForDescriptors() }
  }

  private static func text(_ wait: Duration) -> String {
    let milliseconds = wait / .milliseconds(1)
    return milliseconds < 1 ? "at once" : "in \((milliseconds / 100).rounded() / 10) s"
  }
}
