import DequeModule
import Platform
import XMPPClient

/// Lets so many accounts at a time log in at one server; the others wait in line.
///
/// When a server with a thousand accounts has been away, all of them are back within its first second. What it cannot
/// accept it drops, what it cannot answer within half a minute is given up, and both come again: a server that spends its
/// time on logins whose client has left is not up any sooner. In turns it works at full speed and no login is in vain.
///
/// One server is what the configuration says the same about: a domain and, if it names them, host and port. So a domain
/// whose logins hang holds up no other, also where the DNS says that one machine serves both.
final class LoginQueue: Sendable {
  /// A turn to log in, which has come or is waited for. Whoever lets go of it, for whatever reason, makes room for the next.
  final class Turn: Sendable {
    private let queue: LoginQueue
    private let server: ServerLocation
    private let number: Int

    fileprivate init(_ number: Int, at server: ServerLocation, _ queue: LoginQueue) {
      self.queue = queue
      self.server = server
      self.number = number
    }

    deinit { queue.leave(number, at: server) }

    /// Whether it has come; it does not pass before it is let go of.
    var hasCome: Bool { queue.lines.withLock { $0.isInside(number, at: server) } }
  }

  /// More than a server works on at once, and less than what it accepts while it is busy: 128 connections is what most
  /// systems keep waiting.
  static let usualCapacity = 64

  private let lines: Lock<Lines>

  /// - Parameter capacity: how many log in at one server at a time.
  init(capacity: Int = usualCapacity) { lines = Lock(Lines(capacity: capacity)) }

  /// Takes the last place in the line of a server.
  /// - Parameter come: called once when the turn comes, unless it has when this returns; on any thread.
  func turn(at server: ServerLocation, come: @escaping @Sendable () -> Void) -> Turn {
    Turn(lines.withLock { $0.enter(at: server, come) }, at: server, self)
  }

  private func leave(_ number: Int, at server: ServerLocation) {
    let (forgotten, first) = lines.withLock { ($0.leave(number, at: server), $0.nextCall(isFirst: true)) }
    // Calls are made by one thread, one after the other: whatever they let go of, it goes no deeper than this.
    var call = first
    while let made = call {
      made()
      call = lines.withLock { $0.nextCall(isFirst: false) }
    }
    // What a call holds may be another turn: it goes when the lock is free.
    withExtendedLifetime(forgotten) {}
  }
}

/// Who logs in and who waits, at each server.
private struct Lines {
  typealias Call = @Sendable () -> Void

  private struct Line {
    var inside: Set<Int> = []
    /// Whoever has gone meanwhile has no call any more.
    var waiting: Deque<Int> = []
    var calls: [Int: Call] = [:]
  }

  let capacity: Int
  private var lines: [ServerLocation: Line] = [:]
  private var entered = 0
  private var due: Deque<Call> = []
  private var isCalling = false

  init(capacity: Int) { self.capacity = capacity }

  func isInside(_ number: Int, at server: ServerLocation) -> Bool { lines[server]?.inside.contains(number) == true }

  mutating func enter(at server: ServerLocation, _ call: @escaping Call) -> Int {
    entered += 1
    var line = lines.removeValue(forKey: server) ?? Line()
    if line.inside.count < capacity {
      line.inside.insert(entered)
    } else {
      line.waiting.append(entered)
      line.calls[entered] = call
    }
    lines[server] = line
    return entered
  }

  /// - Returns: the call that will not be made.
  mutating func leave(_ number: Int, at server: ServerLocation) -> Call? {
    guard var line = lines.removeValue(forKey: server) else { return nil }
    defer { if !line.inside.isEmpty { lines[server] = line } }
    guard line.inside.remove(number) != nil else { return line.calls.removeValue(forKey: number) }
    while let next = line.waiting.popFirst() {
      guard let call = line.calls.removeValue(forKey: next) else { continue }
      line.inside.insert(next)
      due.append(call)
      break
    }
    return nil
  }

  /// The next call to make; nil if there is none, or somebody else is at it.
  mutating func nextCall(isFirst: Bool) -> Call? {
    if isFirst, isCalling { return nil }
    isCalling = !due.isEmpty
    return due.popFirst()
  }
}
