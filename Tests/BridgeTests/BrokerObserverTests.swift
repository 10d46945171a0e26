import Logging
import Mapping
import NIOPosix
import Testing

@testable import Bridge

/// Accounts that begin while the broker comes and goes.
@Suite struct BrokerObserverTests {
  /// A connection that comes up while an account begins was once told before what had been: nothing was published ever after.
  @Test func theLastWordIsTheLatest() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let log = Logger(label: "bridge") { _ in SwiftLogNoOpLogHandler() }
    let reporter = BridgeReporter(log: log, topics: try TopicTree(), bridge: "test")
    for _ in 0..<50 {
      let observer = BrokerObserver(reporter: reporter)
      // So many that there is time for the connection to come up while they are told.
      let mailboxes = (0..<1_000).map { _ in AccountMailbox(eventLoop: loop) }
      await withTaskGroup { group in
        group.addTask { observer.watch(mailboxes) }
        group.addTask { observer.tell(BrokerStatus(isUp: true, since: 0)) }
      }
      for mailbox in mailboxes {
        let told = mailbox.drain().compactMap { if case .broker(let isUp) = $0 { isUp } else { nil } }
        try #require(told.last == true)
      }
    }
  }
}
