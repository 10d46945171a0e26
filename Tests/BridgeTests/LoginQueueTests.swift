import Platform
import Testing
import XMPPClient

@testable import Bridge

/// Accounts that all want to log in at once.
@Suite struct LoginQueueTests {
  /// Who is in line or inside.
  private final class Visitors: Sendable {
    private let turns = Lock<[(name: String, turn: LoginQueue.Turn)]>([])
    private let called = Lock<[String]>([])

    /// Those inside, in the order of coming.
    var inside: [String] { turns.withLock { $0.filter(\.turn.hasCome).map(\.name) } }
    /// Those who were told that their turn has come.
    var calls: [String] { called.withLock { $0 } }

    /// - Parameter leaves: goes as soon as the turn comes.
    func come(_ name: String, to server: ServerLocation, _ queue: LoginQueue, leaves: Bool = false) {
      let turn = queue.turn(at: server) {
        self.called.withLock { $0.append(name) }
        if leaves { self.leave(name) }
      }
      turns.withLock { $0.append((name, turn)) }
    }

    func leave(_ name: String) {
      // Let go of outside of the lock: the next one is called right away.
      let left = turns.withLock { turns in
        let left = turns.filter { $0.name == name }
        turns.removeAll { $0.name == name }
        return left
      }
      withExtendedLifetime(left) {}
    }
  }

  private static let server = ServerLocation(domain: "example.org")
  private let visitors = Visitors()

  @Test func theNextComesInWhenOneLeaves() {
    let queue = LoginQueue(capacity: 2)
    for name in ["a", "b", "c", "d"] { visitors.come(name, to: Self.server, queue) }
    #expect(visitors.inside == ["a", "b"])
    #expect(visitors.calls == [])
    visitors.leave("b")
    #expect(visitors.inside == ["a", "c"])
    visitors.leave("a")
    visitors.leave("c")
    #expect(visitors.inside == ["d"])
    #expect(visitors.calls == ["c", "d"])
    visitors.leave("d")
    for name in ["e", "f", "g"] { visitors.come(name, to: Self.server, queue) }
    #expect(visitors.inside == ["e", "f"])
    #expect(visitors.calls == ["c", "d"])
  }

  /// An account that stops while it waits holds up nobody, and is not called.
  @Test func whoeverGoesWhileWaitingIsPassedOver() {
    let queue = LoginQueue(capacity: 1)
    for name in ["a", "b", "c", "d"] { visitors.come(name, to: Self.server, queue) }
    visitors.leave("b")
    visitors.leave("c")
    #expect(visitors.inside == ["a"])
    visitors.leave("a")
    #expect(visitors.inside == ["d"])
    #expect(visitors.calls == ["d"])
    visitors.leave("d")
    visitors.come("e", to: Self.server, queue)
    #expect(visitors.inside == ["e"])
  }

  /// All that the configuration says about where a server is makes it another one.
  @Test func oneServerDoesNotHoldUpAnother() {
    let queue = LoginQueue(capacity: 1)
    let servers = [
      Self.server, ServerLocation(domain: "example.com"), ServerLocation(domain: "example.org", host: "h", port: 5222),
      ServerLocation(domain: "example.org", host: "h", port: 5223),
    ]
    for (number, server) in servers.enumerated() {
      visitors.come("first \(number)", to: server, queue)
      visitors.come("second \(number)", to: server, queue)
    }
    #expect(visitors.inside == ["first 0", "first 1", "first 2", "first 3"])
    visitors.leave("first 1")
    #expect(visitors.calls == ["second 1"])
  }

  /// Thousands that go as soon as they are called: each lets the next one in, and the stack does not grow.
  @Test func aTurnThatIsNotTakenGoesOnHoweverLongTheLine() {
    let queue = LoginQueue(capacity: 1)
    visitors.come("first", to: Self.server, queue)
    // Each has its own record: finding a name among all of them would take its time.
    let line = (0..<20_000).map { _ in Visitors() }
    for visitor in line { visitor.come("a", to: Self.server, queue, leaves: true) }
    visitors.come("last", to: Self.server, queue)
    visitors.leave("first")
    #expect(visitors.inside == ["last"])
    #expect(line.allSatisfy { $0.calls == ["a"] })
  }

  /// A turn that is held by nothing but the call of another one goes with it, without a deadlock.
  @Test(.timeLimit(.minutes(1))) func aCallMayHoldAnotherTurn() {
    let queue = LoginQueue(capacity: 1)
    visitors.come("a", to: Self.server, queue)
    var holder: LoginQueue.Turn? = Self.turn(in: queue, holding: queue.turn(at: Self.server) {})
    #expect(holder?.hasCome == false)
    holder = nil
    visitors.come("b", to: Self.server, queue)
    visitors.leave("a")
    #expect(visitors.inside == ["b"])
  }

  private static func turn(in queue: LoginQueue, holding held: LoginQueue.Turn) -> LoginQueue.Turn {
    queue.turn(at: server) { withExtendedLifetime(held) {} }
  }

  /// Accounts on many threads, some of which go while they wait: never too many are inside, and everybody's turn comes.
  @Test(.timeLimit(.minutes(1))) func manyThreads() async {
    let queue = LoginQueue(capacity: 3)
    let census = Census()
    await withTaskGroup { group in
      for task in 0..<16 { group.addTask { await census.visit(queue, as: task) } }
    }
    #expect(census.most <= 3)
    #expect(census.visits == 16 * 200 * 4 / 5)
    visitors.come("a", to: Self.server, queue)
    #expect(visitors.inside == ["a"])
  }

  /// How many are inside.
  private final class Census: Sendable {
    private let counts = Lock((now: 0, most: 0, visits: 0))

    var most: Int { counts.withLock { $0.most } }
    var visits: Int { counts.withLock { $0.visits } }

    /// Gets in line two hundred times, and leaves it every fifth time.
    @concurrent func visit(_ queue: LoginQueue, as task: Int) async {
      for round in 0..<200 {
        let turn = queue.turn(at: LoginQueueTests.server) {}
        if (task + round) % 5 == 0 { continue }
        while !turn.hasCome { await Task.yield() }
        counts.withLock { counts in
          counts.now += 1
          counts.most = max(counts.most, counts.now)
          counts.visits += 1
        }
        await Task.yield()
        counts.withLock { $0.now -= 1 }
        withExtendedLifetime(turn) {}
      }
    }
  }
}
