internal import CResolver
import Glibc
public import Platform

/// Asks the DNS, on a thread of its own because the C library's resolver blocks for seconds.
///
/// Questions for the same name that meet are asked once.
public final class SRVResolver: Sendable {
  /// Takes an answer, on the resolver's thread.
  public typealias Completion = @Sendable (SRVAnswer) -> Void

  /// The one of this process, or why there is none.
  public static let shared = Result { () throws(SystemError) in try SRVResolver() }

  private struct Questions {
    /// Names in the order of asking.
    var names: [String] = []
    var waiting: [String: [Completion]] = [:]
  }

  private let questions = Lock(Questions())
  private let wakeUp: WakeUp

  /// Starts the thread, which lives as long as the process.
  public init() throws(SystemError) {
    let wakeUp = try WakeUp()
    self.wakeUp = wakeUp
    _ = try NativeThread(name: "dns") { [self] in run() }
  }

  /// Asks for the SRV records of a full name such as `_xmpp-client._tcp.example.org`.
  public func lookUp(_ name: String, completion: @escaping Completion) {
    questions.withLock { questions in
      if questions.waiting[name] == nil { questions.names.append(name) }
      questions.waiting[name, default: []].append(completion)
    }
    wakeUp.signal()
  }

  /// As ``lookUp(_:completion:)`` of the process's resolver; where there is none, the answer says why.
  @Sendable public static func lookUp(_ name: String, completion: @escaping Completion) {
    switch shared {
    case .success(let resolver): resolver.lookUp(name, completion: completion)
    case .failure(let error): completion(.failed("the DNS resolver cannot start: \(error)"))
    }
  }

  private func run() {
    while true {
      var descriptor = pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&descriptor, 1, -1)
      wakeUp.clear()
      while let name = questions.withLock({ $0.names.first }) {
        let answer = Self.ask(name)
        let waiting = questions.withLock { questions in
          questions.names.removeFirst()
          return questions.waiting.removeValue(forKey: name) ?? []
        }
        for completion in waiting { completion(answer) }
      }
    }
  }

  private static func ask(_ name: String) -> SRVAnswer {
    var error: CInt = 0
    let message = unsafe [UInt8](unsafeUninitializedCapacity: Int(UInt16.max)) { buffer, count in
      let length = unsafe cresolver_query_srv(name, buffer.baseAddress, CInt(buffer.count), &error)
      count = max(0, Int(length))
    }
    guard message.isEmpty else { return SRVAnswer(message: message) }
    switch error {
    case HOST_NOT_FOUND, NO_DATA: return .none
    case TRY_AGAIN: return .failed("no answer from the DNS for \(name)")
    default: return .failed("the DNS cannot say anything about \(name)")
    }
  }
}
