/// A topic as a dictionary's key: compared by its bytes, as brokers compare.
///
/// Swift's strings are equal if they are canonically equivalent; a cache keyed by them would take a topic with a
/// decomposed letter for the one with the composed letter, and so accept what has to be refused.
struct TopicKey: Hashable {
  let text: String

  init(_ text: String) {
    self.text = text
  }

  static func == (left: TopicKey, right: TopicKey) -> Bool {
    let (a, b) = (left.text.utf8.span, right.text.utf8.span)
    guard a.count == b.count else { return false }
    for index in 0..<a.count where a[index] != b[index] { return false }
    return true
  }

  func hash(into hasher: inout Hasher) {
    text.utf8.span.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}
