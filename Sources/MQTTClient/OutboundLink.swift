import MQTT
import Platform

/// The out connection: publishes, keeps retained topics, has the will.
final class OutboundLink: Link {
  var window: PublishWindow
  private weak var observer: (any MQTTConnectionHandler)?
  private var isLeaving = false
  private var farewell = Farewell.unsaid
  /// Publishes that the handle has queued since everything was written.
  private var filled = 0

  private enum Farewell {
    case unsaid, said, refused, confirmed
  }

  /// The publisher that the farewell's answer is for.
  static let farewellPublisher = -1

  init(_ context: LinkContext, observer: (any MQTTConnectionHandler)?) {
    self.observer = observer
    window = PublishWindow(limit: context.configuration.window)
    super.init(context, number: 0, clientID: context.configuration.outboundClientID)
  }

  /// Everything was published and the broker has the farewell, if there is one.
  var hasConfirmedFarewell: Bool { farewell == .confirmed }

  override func leave(within limit: Duration, endingSession: Bool = false) {
    isLeaving = true
    super.leave(within: limit)
  }

  override func options(_ version: MQTTVersion) -> MosquittoHandle.Options {
    MosquittoHandle.Options(
      clientID: clientID, cleanStart: true, version: version, will: context.configuration.will)
  }

  override var mayLeave: Bool {
    farewell == .confirmed || farewell == .refused
  }

  override var ownDeadline: Duration? { window.deadline }

  override func opened(_ acceptance: MosquittoHandle.Acceptance) {
    guard let handle else { return }
    window.connected(acceptance.limits)
    observer?.connected(
      MQTTConnected(
        acceptance, version: handle.version, nextIndex: 1, keepalive: keepalive(in: acceptance),
        deliversIdentifiers: false))
  }

  override func collected() {
    guard let handle, !handle.confirmations.isEmpty else { return }
    CrashPoint.reached("puback")
    for (packetID, code) in handle.confirmations { window.confirmed(packetID: packetID, code, now: context.now) }
    handle.confirmations.removeAll(keepingCapacity: true)
  }

  override var worthReading: Int {
    let answers = window.worthwhileAnswers
    return answers > 1 ? answers * Self.answerBytes : 1
  }

  /// A PUBACK without a reason.
  private static let answerBytes = 4

  override var hasBulk: Bool { filled > 1 }

  override func drained() {
    filled = 0
    if !window.isIdle { CrashPoint.reached("publish-sent") }
  }

  override func fill() -> MQTTDisconnectReason? {
    guard let handle else { return nil }
    if isLeaving, farewell == .unsaid, window.isIdle { sayFarewell() }
    while let outgoing = window.next(now: context.now) {
      switch handle.publish(outgoing.publish) {
      case .sent(let packetID):
        filled += 1
        context.counters.countPublished()
        if outgoing.publish.qos == .atMostOnce {
          window.handedOver(outgoing)
        } else {
          window.sent(outgoing, packetID: packetID)
        }
      case .refused(let reason): window.refused(outgoing, because: reason)
      case .failed(let reason):
        // It is as good as in flight: the next connection begins with it.
        window.sent(outgoing, packetID: 0)
        return reason
      }
    }
    return nil
  }

  /// What the will would say. Without a will there is nothing to say, and that is said at once.
  private func sayFarewell() {
    guard let will = context.configuration.will else { return farewell = .confirmed }
    farewell = .said
    window.set(
      RetainedState(topic: will.topic, payload: will.payload, properties: will.properties, token: 0),
      publisher: Self.farewellPublisher)
  }

  override func ended(_ reason: MQTTDisconnectReason, wasUp: Bool, retryIn: Duration?) {
    filled = 0
    if wasUp { window.connectionLost(blamesPacket: reason.blamesPacket) }
    observer?.disconnected(reason, retryIn: retryIn)
  }

  /// The farewell's answer has come.
  func answered(_ result: PublishResult) {
    farewell = if case .accepted = result.outcome { .confirmed } else { .refused }
  }
}
