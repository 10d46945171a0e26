import Dispatch
import Platform

/// Everything that happened, in order: any thread appends, a test looks back or awaits what is still to come.
///
/// A test never sleeps; it awaits the element that proves the thing has happened.
public final class Record<Element: Sendable>: Sendable {
  private struct Waiter {
    var next: Int
    var missing: Int
    var found: [Element] = []
    let matches: @Sendable (Element) -> Bool
    let continuation: CheckedContinuation<[Element], any Error>
  }

  private struct State {
    var elements: [Element] = []
    /// When each of them was appended.
    var moments: [ContinuousClock.Instant] = []
    var waiters: [UInt64: Waiter] = [:]
    var serial: UInt64 = 0
    var end: String?
  }

  private let name: String
  private let state = Lock(State())

  /// An empty record.
  /// - Parameter name: what it records, for the message of a wait that fails.
  public init(_ name: String) { self.name = name }

  /// Everything so far.
  public var all: [Element] { state.withLock { $0.elements } }

  /// Everything so far, each with the moment when it was appended.
  public var timeline: [(element: Element, moment: ContinuousClock.Instant)] {
    state.withLock { state in zip(state.elements, state.moments).map { ($0, $1) } }
  }

  /// Everything from `mark` on so far, each with the moment when it was appended.
  public func timeline(from mark: Int) -> [(element: Element, moment: ContinuousClock.Instant)] {
    let (elements, moments) = state.withLock { ($0.elements[mark...], $0.moments[mark...]) }
    return zip(elements, moments).map { ($0, $1) }
  }

  /// How many elements there are so far: the mark behind which a later wait may begin.
  public var count: Int { state.withLock { $0.elements.count } }

  /// Appends one element.
  public func append(_ element: Element) { append(contentsOf: CollectionOfOne(element)) }

  /// Appends several elements at once.
  public func append(contentsOf new: some Collection<Element>) {
    let now = ContinuousClock.now
    let ready = state.withLock { state in
      state.elements.append(contentsOf: new)
      state.moments.append(contentsOf: repeatElement(now, count: new.count))
      return Self.advance(&state)
    }
    for (continuation, found) in ready { continuation.resume(returning: found) }
  }

  /// Nothing more will come: waits that are still open fail now instead of at their time limit.
  /// - Parameter reason: why, for people.
  public func end(_ reason: String) {
    let waiters = state.withLock { state in
      state.end = state.end ?? reason
      defer { state.waiters = [:] }
      return state.waiters.values.map { $0 }
    }
    for waiter in waiters { waiter.continuation.resume(throwing: TestFailure("\(name): \(reason)")) }
  }

  /// The first element from `mark` on that `matches`.
  public func first(
    _ what: String = "the next element", from mark: Int = 0, timeout: Duration = Patience.event,
    where matches: @escaping @Sendable (Element) -> Bool = { _ in true }
  ) async throws -> Element {
    try await first(1, what, from: mark, timeout: timeout, where: matches)[0]
  }

  /// The first `count` elements from `mark` on that match.
  /// - Throws: `TimedOut` after `timeout`, `TestFailure` if the record ended before, `CancellationError`.
  public func first(
    _ count: Int, _ what: String = "elements", from mark: Int = 0, timeout: Duration = Patience.stream,
    where matches: @escaping @Sendable (Element) -> Bool = { _ in true }
  ) async throws -> [Element] {
    let id = state.withLock { state in
      state.serial += 1
      return state.serial
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let (ready, failure) = state.withLock { state in
          state.waiters[id] = Waiter(next: mark, missing: count, matches: matches, continuation: continuation)
          let ready = Self.advance(&state)
          guard let end = state.end, state.waiters.removeValue(forKey: id) != nil else {
            return (ready, nil as String?)
          }
          return (ready, end)
        }
        for (continuation, found) in ready { continuation.resume(returning: found) }
        if let failure {
          continuation.resume(throwing: TestFailure("\(name): waiting for \(what): \(failure)"))
          return
        }
        if Task.isCancelled { cancel(id) }
        DispatchQueue.global().asyncAfter(deadline: .now() + timeout.seconds) { [weak self] in
          self?.expire(id, what, timeout)
        }
      }
    } onCancel: {
      cancel(id)
    }
  }

  /// All elements, once nothing more will come.
  /// - Throws: `TimedOut` if the record has not ended by then.
  public func complete(timeout: Duration = Patience.event) async throws -> [Element] {
    do {
      _ = try await first("the end", timeout: timeout) { _ in false }
    } catch is TestFailure {}
    return all
  }

  private func expire(_ id: UInt64, _ what: String, _ timeout: Duration) {
    guard let waiter = take(id) else { return }
    let (count, tail) = state.withLock { ($0.elements.count, $0.elements.suffix(5)) }
    let got = waiter.found.isEmpty ? "" : ", \(waiter.found.count) of them came"
    let last = tail.isEmpty ? "nothing" : tail.map { String("\($0)".prefix(300)) }.joined(separator: "\n  ")
    waiter.continuation.resume(
      throwing: TimedOut(
        "\(name): waiting for \(what)\(got); of \(count) in all the last:\n  \(last)\n", after: timeout))
  }

  private func cancel(_ id: UInt64) { take(id)?.continuation.resume(throwing: CancellationError()) }

  private func take(_ id: UInt64) -> Waiter? { state.withLock { $0.waiters.removeValue(forKey: id) } }

  /// Shows every waiter the elements that it has not seen yet; returns those that have all they want.
  private static func advance(_ state: inout State) -> [(CheckedContinuation<[Element], any Error>, [Element])] {
    var ready: [(CheckedContinuation<[Element], any Error>, [Element])] = []
    for id in state.waiters.keys {
      guard var waiter = state.waiters[id] else { continue }
      while waiter.missing > 0, waiter.next < state.elements.count {
        let element = state.elements[waiter.next]
        waiter.next += 1
        if waiter.matches(element) {
          waiter.found.append(element)
          waiter.missing -= 1
        }
      }
      if waiter.missing == 0 {
        state.waiters[id] = nil
        ready.append((waiter.continuation, waiter.found))
      } else {
        state.waiters[id] = waiter
      }
    }
    return ready
  }
}

extension Duration {
  /// The duration as a number of seconds.
  public var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
