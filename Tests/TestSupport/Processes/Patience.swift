/// How long waits may take before a test fails. They bound a failure; a passing test never waits them out.
public enum Patience {
  /// For one event: generous, as the tests may share two cores with a compiler.
  public static let event: Duration = .seconds(60)
  /// For thousands of messages.
  public static let stream: Duration = .seconds(60)
  /// For a broken connection to come back, with the waits between the attempts.
  public static let reconnect: Duration = .seconds(120)
  /// For a server to start or end.
  public static let start: Duration = .seconds(60)
}

/// A bounded wait that ended without what it waited for.
public struct TimedOut: Error, CustomStringConvertible {
  /// What did not happen, for people.
  public let description: String

  /// - Parameter what: what was waited for, with whatever helps to understand why it did not come.
  public init(_ what: String, after timeout: Duration) {
    description = "\(what) (waited \(timeout))"
  }
}

/// Something that a test's tool cannot do or was told by the other side.
public struct TestFailure: Error, CustomStringConvertible {
  /// What went wrong, for people.
  public let description: String

  /// A failure in words.
  public init(_ description: String) { self.description = description }
}
