import Platform
import Testing

@Suite("Lock")
struct LockTests {
  private struct Refusal: Error, Equatable {}

  /// What tasks share: a lock itself cannot be captured, for it cannot be copied.
  private final class Shared<Value>: Sendable {
    let lock: Lock<Value>

    init(_ value: consuming sending Value) { lock = Lock(value) }
  }

  @Test("lets one thread at a time at the value")
  func excludes() async {
    let shared = Shared<[Int]>([])
    await withTaskGroup { group in
      for writer in 0..<8 {
        group.addTask {
          for _ in 0..<1_000 { shared.lock.withLock { $0.append(writer) } }
        }
      }
    }
    let numbers = shared.lock.withLock { $0 }
    for writer in 0..<8 { #expect(numbers.count { $0 == writer } == 1_000) }
  }

  @Test("returns what the body returns, and keeps what it changes")
  func passesThrough() {
    let lock = Lock((count: 1, name: "a"))
    let name = lock.withLock { value in
      value.count += 1
      return value.name
    }
    #expect(name == "a")
    #expect(lock.withLock { $0.count } == 2)
  }

  @Test("is free again after an error")
  func throwing() {
    let lock = Lock(0)
    #expect(throws: Refusal()) {
      try lock.withLock { (value) throws(Refusal) in
        value = 1
        throw Refusal()
      }
    }
    #expect(lock.withLock { $0 } == 1)
  }

  @Test("lets go of its value")
  func releases() {
    final class Thing: Sendable {}
    weak var thing: Thing?
    do {
      let lock = Lock(Thing())
      lock.withLock { thing = $0 }
      #expect(thing != nil)
    }
    #expect(thing == nil)
  }
}
