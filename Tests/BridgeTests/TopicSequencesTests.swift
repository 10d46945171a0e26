import Journal
import Testing

@testable import Bridge

@Suite("The numbers of a topic's messages")
struct TopicSequencesTests {
  @Test("are written once a commit, whatever the number of messages: the last of each topic")
  func lastOfEach() {
    var sequences = TopicSequences(keys: AccountKeys(account: "home"), last: ["a@x": 41])
    #expect([sequences.next("a@x"), sequences.next("b@x"), sequences.next("a@x")] == [42, 1, 43])
    #expect(
      sequences.takeOperations() == [
        .set(key: "home/seq/a@x", TopicSequences.bytes(43)), .set(key: "home/seq/b@x", TopicSequences.bytes(1)),
      ])
    #expect(sequences.takeOperations() == [])
    #expect(sequences.next("b@x") == 2)
    #expect(sequences.takeOperations() == [.set(key: "home/seq/b@x", TopicSequences.bytes(2))])
  }

  @Test("survive the journal", arguments: [0, 1, 255, 256, .max] as [UInt64])
  func bytes(number: UInt64) {
    #expect(TopicSequences.number(TopicSequences.bytes(number)) == number)
  }
}
