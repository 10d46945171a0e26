/// Messages on their way to another thread: many writers append, one reader takes everything at once.
///
/// A hop between threads costs microseconds and an element in a batch nanoseconds, so nothing crosses alone.
public final class Inbox<Element: Sendable>: Sendable {
  private let elements = Lock<[Element]>([])

  /// An empty inbox.
  public init() {}

  /// Appends one element; true if the inbox was empty, that is if the reader has to be woken.
  public func append(_ element: Element) -> Bool {
    elements.withLock { queue in
      queue.append(element)
      return queue.count == 1
    }
  }

  /// Appends a batch; true if the inbox was empty and now is not, that is if the reader has to be woken.
  public func append(contentsOf batch: [Element]) -> Bool {
    elements.withLock { queue in
      let wasEmpty = queue.isEmpty
      queue.append(contentsOf: batch)
      return wasEmpty && !queue.isEmpty
    }
  }

  /// Whether nothing waits, as of this moment.
  public var isEmpty: Bool { elements.withLock { $0.isEmpty } }

  /// Takes everything that waits, in the order of appending.
  public func drain() -> [Element] {
    elements.withLock { queue in
      var taken: [Element] = []
      swap(&taken, &queue)
      return taken
    }
  }
}
