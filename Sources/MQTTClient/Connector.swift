import Glibc
import Platform

/// Makes connections on a thread of its own, one after another, because libmosquitto resolves and connects blocking and
/// its non-blocking variant cannot send MQTT 5 properties. The MQTT thread, and with it the connections that are up, never
/// waits for one that is not.
///
/// All connections of a service go to the same broker. So when an attempt shows that it is out of reach, that is the
/// answer for all that waited in line, and they do not each wait for the same silence.
final class Connector: Sendable {
  /// A handle to connect. It is the connector's until the outcome has been reported: one owner at a time is what makes
  /// passing it between threads sound.
  struct Job: @unchecked Sendable {
    var link: UInt32
    var generation: UInt32
    var handle: MosquittoHandle
    var submitted: Duration
  }

  /// What came of a job. The handle is the receiver's again.
  struct Outcome: @unchecked Sendable {
    var link: UInt32
    var generation: UInt32
    var handle: MosquittoHandle
    var failure: MQTTDisconnectReason?
  }

  private enum Order: Sendable {
    case connect(Job)
    case end
  }

  /// For one attempt to find an address that answers.
  static let probeTimeout: Duration = .seconds(10)

  private let orders = Inbox<Order>()
  private let wakeUp: WakeUp
  private let endpoint: MQTTConfiguration.Endpoint

  /// - Parameter report: called on the connector's thread with each outcome.
  init(
    _ endpoint: MQTTConfiguration.Endpoint, report: @escaping @Sendable (Outcome) -> Void
  ) throws(SystemError) {
    self.endpoint = endpoint
    wakeUp = try WakeUp()
    // It is not joined: it may be deep in name resolution when the service ends.
    try NativeThread(name: "mqtt-connect") { [self] in run(report) }.detach()
  }

  /// Hands in a job.
  func submit(_ job: Job) {
    if orders.append(.connect(job)) { wakeUp.signal() }
  }

  /// Ends the thread when it has done what it is at.
  func end() {
    if orders.append(.end) { wakeUp.signal() }
  }

  private func run(_ report: (Outcome) -> Void) {
    var lastFailure: (reason: MQTTDisconnectReason, at: Duration)?
    var lastFamily: (family: Probe.Family, at: Duration)?
    while true {
      var watched = pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&watched, 1, -1)
      wakeUp.clear()
      for order in orders.drain() {
        guard case .connect(let job) = order else { return }
        var failure: MQTTDisconnectReason?
        if let lastFailure, job.submitted <= lastFailure.at {
          failure = lastFailure.reason
        } else {
          do throws(MQTTDisconnectReason) {
            let family = try reach(since: job.submitted, lastFamily)
            if let family { lastFamily = (family, Clocks.monotonic()) }
            failure = job.handle.connect(bindAddress: family?.wildcard)
          } catch {
            failure = error
          }
          if let failure, case .unreachable = failure { lastFailure = (failure, Clocks.monotonic()) }
        }
        report(Outcome(link: job.link, generation: job.generation, handle: job.handle, failure: failure))
      }
    }
  }

  /// The family to connect in; nil where no probe is needed.
  private func reach(
    since submitted: Duration, _ last: (family: Probe.Family, at: Duration)?
  ) throws(MQTTDisconnectReason) -> Probe.Family? {
    switch endpoint {
    case .unix: return nil
    case .tcp(let host, let port), .tls(let host, let port, _):
      if Probe.isLocal(host) { return nil }
      if let last, submitted <= last.at { return last.family }
      return try Probe.reach(host, port, timeout: Self.probeTimeout)
    }
  }
}
