import Journal
import MQTT
import MQTTClient
import NIOCore
import Platform

/// What other threads have to tell an account.
enum AccountInput: Sendable {
  case inboundConnected(MQTTConnected)
  case inboundDisconnected(MQTTDisconnectReason, retryIn: Duration?)
  case subscribed([String], refused: [String: ReasonCode])
  case received([InboundPublish])
  case published([PublishResult])
  case broker(isUp: Bool)
  case journal([JournalCompletion])
  case loaded(UInt64, JournalSpool, Result<JournalPage, JournalError>)
  case loginTurnCame
}

/// Where the MQTT thread, the journal thread and others that log in leave word for an account: one inbox, and one wake-up of the event loop for
/// all that arrives before it looks.
final class AccountMailbox: Sendable {
  private let inbox = Inbox<AccountInput>()
  private let eventLoop: any EventLoop
  private let driver: NIOLoopBoundBox<AccountDriver?>
  /// Who gets the broker's answers when this account's machine has been replaced.
  private let successor = Lock<AccountMailbox?>(nil)

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    driver = NIOLoopBoundBox.makeEmptyBox(eventLoop: eventLoop)
  }

  /// Names whom to wake. On the event loop.
  func attach(_ driver: AccountDriver) { self.driver.value = driver }

  /// Lets go of the driver. On the event loop.
  func detach() { driver.value = nil }

  /// Passes on the broker's answers from now on, and those that wait. All other word was for a machine that is gone.
  func handOver(to next: AccountMailbox) {
    successor.withLock { successor in
      successor = next
      for case .published(let results) in inbox.drain() { next.published(results) }
    }
  }

  /// Takes everything that waits.
  func drain() -> [AccountInput] { inbox.drain() }

  /// Leaves word, from any thread.
  func post(_ input: AccountInput) {
    guard inbox.append(input) else { return }
    eventLoop.execute { self.driver.value?.mailArrived() }
  }
}

extension AccountMailbox: MQTTInboundHandler, MQTTOutboundHandler {
  func connected(_ connection: MQTTConnected) { post(.inboundConnected(connection)) }

  func disconnected(_ reason: MQTTDisconnectReason, retryIn: Duration?) {
    post(.inboundDisconnected(reason, retryIn: retryIn))
  }

  func received(_ batch: [InboundPublish]) { post(.received(batch)) }

  func subscribed(_ filters: [String], refused: [String: ReasonCode]) { post(.subscribed(filters, refused: refused)) }

  func published(_ results: [PublishResult]) {
    // Within the lock, so that nothing is left behind by handing over.
    successor.withLock { successor in
      if let successor { successor.published(results) } else { post(.published(results)) }
    }
  }
}

extension AccountMailbox: JournalClient {
  func journalCompleted(_ completions: [JournalCompletion]) { post(.journal(completions)) }

  func journalLoaded(_ id: UInt64, from spool: JournalSpool, result: Result<JournalPage, JournalError>) {
    post(.loaded(id, spool, result))
  }
}
