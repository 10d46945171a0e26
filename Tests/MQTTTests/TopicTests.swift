import MQTT
import TestSupport
import Testing

@Suite("Topic names and filters")
struct TopicTests {
  @Test("takes what brokers take", arguments: ["a", "/", "home/küche/licht", "a//b", "$SYS/x", "x y", "%2F", "日本/😀"])
  func takes(_ topic: String) throws {
    try TopicName.validate(topic)
    _ = try TopicFilter(topic)
  }

  @Test("refuses a topic name")
  func refusesNames() {
    #expect(throws: TopicError.empty) { try TopicName.validate("") }
    #expect(throws: TopicError.wildcard) { try TopicName.validate("a/+/b") }
    #expect(throws: TopicError.wildcard) { try TopicName.validate("a#") }
    #expect(throws: TopicError.tooLong(65_536)) { try TopicName.validate(String(repeating: "x", count: 65_536)) }
    #expect(throws: TopicError.tooLong(65_536)) { try TopicName.validate(String(repeating: "ü", count: 32_768)) }
    #expect(throws: Never.self) { try TopicName.validate(String(repeating: "x", count: 65_535)) }
  }

  @Test(
    "refuses characters that make a broker hang up",
    arguments: [0, 1, 9, 0x1F, 0x7F, 0x80, 0x9F, 0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF] as [UInt32])
  func refusesCharacters(_ value: UInt32) throws {
    let scalar = try #require(Unicode.Scalar(value))
    let topic = "a/" + String(Character(scalar))
    #expect(throws: TopicError.forbiddenCharacter(value)) { try TopicName.validate(topic) }
    #expect(throws: TopicError.forbiddenCharacter(value)) { _ = try TopicFilter(topic) }
  }

  @Test(
    "lets the neighbours of those characters pass",
    arguments: [0x20, 0x7E, 0xA0, 0xFDCF, 0xFDF0, 0xFFFD, 0x1FFFD] as [UInt32])
  func takesNeighbours(_ value: UInt32) throws {
    let scalar = try #require(Unicode.Scalar(value))
    try TopicName.validate("a/" + String(Character(scalar)))
  }

  @Test("refuses a filter with a wildcard out of place", arguments: ["a+", "+a/b", "a/#/b", "a#", "##", "#/a", "a/++"])
  func refusesFilters(_ text: String) {
    #expect(throws: TopicError.misplacedWildcard) { _ = try TopicFilter(text) }
  }

  @Test("refuses a shared subscription")
  func refusesShares() {
    #expect(throws: TopicError.sharedSubscription) { _ = try TopicFilter("$share/g/a") }
  }

  @Test(
    "matches as the specification says",
    arguments: [
      ("a/b", "a/b", true), ("a/b", "a/bc", false), ("a/b", "a", false), ("a", "a/b", false), ("+", "a", true),
      ("+", "a/b", false), ("+", "/a", false), ("/+", "/a", true), ("+/+", "/a", true), ("#", "a/b/c", true),
      ("a/#", "a", true), ("a/#", "a/b/c", true), ("a/#", "ab", false), ("a/+/#", "a", false), ("a/+/#", "a/b", true),
      ("a/+", "a/", true), ("a/+/c", "a//c", true), ("#", "$SYS/x", false), ("+/x", "$SYS/x", false),
      ("$SYS/#", "$SYS/x", true), ("$SYS/+", "$SYS/x", true), ("a/+", "a/$x", true), ("/#", "/", true),
      ("a/", "a", false),
    ])
  func matches(_ filter: String, _ topic: String, _ expected: Bool) throws {
    #expect(try TopicFilter(filter).matches(topic) == expected)
  }

  @Test("agrees with a matcher that splits levels")
  func agreesWithModel() throws {
    var random = SeededGenerator(seed: 1)
    var matched = 0
    for _ in 0..<20_000 {
      let filter = random.path(wildcards: true)
      let topic = random.path(wildcards: false)
      let expected = modelMatches(filter, topic)
      matched += expected ? 1 : 0
      #expect(try TopicFilter(filter).matches(topic) == expected, "\(filter) \(topic)")
    }
    #expect(matched > 1_000)
  }

  @Test("gives a filter the same identifier in every process")
  func stableIdentifier() throws {
    let identifier = try TopicFilter("xmpp/home/#").subscriptionIdentifier
    #expect(identifier == 206_003_763)
    #expect(try identifier != TopicFilter("xmpp/home/+").subscriptionIdentifier)
  }
}

/// The rules of MQTT 5 §4.7, level by level.
func modelMatches(_ filter: String, _ topic: String) -> Bool {
  let filterLevels = filter.split(separator: "/", omittingEmptySubsequences: false)
  let topicLevels = topic.split(separator: "/", omittingEmptySubsequences: false)
  if topic.hasPrefix("$"), filter.hasPrefix("+") || filter.hasPrefix("#") { return false }
  for (index, level) in filterLevels.enumerated() {
    if level == "#" { return topicLevels.count >= index }
    guard index < topicLevels.count, level == "+" || level == topicLevels[index] else { return false }
  }
  return filterLevels.count == topicLevels.count
}
