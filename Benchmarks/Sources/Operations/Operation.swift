/// One thing that a part of the bridge does for each message, or for each login.
///
/// It is measured from outside: how long many repetitions take, or how many instructions.
public struct Operation: Sendable {
  /// Does it so many times. What comes back depends on every result, so that no compiler can leave one out.
  public typealias Work = (_ repetitions: Int) throws -> Int

  /// The part and what it does, such as `xml.parse`.
  public let name: String
  /// How many times make a measurement: enough that what comes before and behind does not count, and a fraction of a second
  /// even where every instruction is counted. Whole hundreds where it is done in batches of 100.
  public let repetitions: Int
  /// How many bytes it reads or writes each time, where speed is told in bytes.
  public let bytes: Int?
  /// Makes everything that it works on.
  public let prepare: @Sendable () throws -> Work

  init(_ name: String, repetitions: Int, bytes: Int? = nil, prepare: @escaping @Sendable () throws -> Work) {
    self.name = name
    self.repetitions = repetitions
    self.bytes = bytes
    self.prepare = prepare
  }

  /// All of them, in the order of the tables.
  public static let all =
    xml + addresses + topics + payloads + mqtt + streamManagement + login + delivery + journal
}

/// Calls `body` so many times and adds up what it returns.
func sum(_ repetitions: Int, of body: () throws -> Int) rethrows -> Int {
  var sum = 0
  for _ in 0..<repetitions { sum &+= try body() }
  return sum
}
