import Testing
import XMPPClient

/// DNS messages as they come from the network, byte by byte (RFC 1035 §4.1, RFC 2782).
@Suite struct SRVAnswerTests {
  /// Builds a message whose question is for `_xmpp-client._tcp.example.org`; a compressed name points to it (offset 12).
  private struct Message {
    var bytes: [UInt8]

    init(answers: UInt8) {
      bytes = [0x12, 0x34, 0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0]
      bytes += Self.name("_xmpp-client", "_tcp", "example", "org") + [0, 33, 0, 1]
    }

    static func name(_ labels: String...) -> [UInt8] {
      labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    /// Where `example.org` stands in the question.
    static let domain: [UInt8] = [0xC0, 12 + 13 + 5]

    mutating func record(type: UInt8, data: [UInt8]) {
      bytes += [0xC0, 12, 0, type, 0, 1, 0, 0, 0x0E, 0x10, UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
    }

    mutating func srv(_ priority: UInt16, _ weight: UInt16, _ port: UInt16, target: [UInt8]) {
      let numbers = [priority, weight, port].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
      record(type: 33, data: numbers + target)
    }
  }

  @Test func recordsAreRead() {
    var message = Message(answers: 3)
    message.srv(5, 30, 5222, target: Message.name("xmpp1", "example", "org"))
    message.srv(10, 0, 65535, target: [5] + Array("xmpp2".utf8) + Message.domain)
    message.srv(258, 772, 443, target: Message.domain)
    #expect(
      SRVAnswer(message: message.bytes)
        == .records([
          SRVRecord(priority: 5, weight: 30, port: 5222, target: "xmpp1.example.org"),
          SRVRecord(priority: 10, weight: 0, port: 65535, target: "xmpp2.example.org"),
          SRVRecord(priority: 258, weight: 772, port: 443, target: "example.org"),
        ]))
  }

  @Test func rootAsTargetIsEmpty() {
    var message = Message(answers: 1)
    message.srv(0, 0, 0, target: [0])
    #expect(SRVAnswer(message: message.bytes) == .records([SRVRecord(priority: 0, weight: 0, port: 0, target: "")]))
  }

  @Test func aliasesOnTheWayArePassedOver() {
    var message = Message(answers: 2)
    message.record(type: 5, data: Message.name("elsewhere", "org"))
    message.srv(1, 2, 3, target: Message.domain)
    #expect(
      SRVAnswer(message: message.bytes)
        == .records([SRVRecord(priority: 1, weight: 2, port: 3, target: "example.org")]))
  }

  @Test func answerWithoutRecordsIsNone() {
    #expect(SRVAnswer(message: Message(answers: 0).bytes) == .none)
    var message = Message(answers: 1)
    message.record(type: 5, data: Message.name("elsewhere", "org"))
    #expect(SRVAnswer(message: message.bytes) == .none)
  }

  @Test func everyTruncationIsAFailure() {
    var message = Message(answers: 2)
    message.srv(5, 30, 5222, target: Message.name("xmpp1", "example", "org"))
    message.srv(10, 0, 5222, target: Message.domain)
    for length in 0..<message.bytes.count {
      #expect(SRVAnswer(message: Array(message.bytes[..<length])) == .failed("the DNS answer is malformed"))
    }
  }

  /// Names that point behind the end, nowhere, and at themselves; a record too short for its numbers.
  @Test func hostileDataIsAFailure() {
    for target in [[0xC0, 0xFF], [0xC0], [63], [0xC0, 12 + 35 + 12 + 6]] as [[UInt8]] {
      var message = Message(answers: 1)
      message.srv(1, 1, 1, target: target)
      #expect(SRVAnswer(message: message.bytes) == .failed("the DNS answer is malformed"))
    }
    var short = Message(answers: 1)
    short.record(type: 33, data: [0, 1, 0, 1, 0, 1])
    #expect(SRVAnswer(message: short.bytes) == .failed("the DNS answer is malformed"))
  }
}
