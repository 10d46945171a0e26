import XMPP

extension Operation {
  /// The counters of XEP-0198, per stanza.
  static let streamManagement = [
    // Out: each stanza is kept; one `<r/>` behind 100, one `<a/>` for all of them.
    Operation("sm.acknowledged", repetitions: 10_000) {
      let bytes = Array(Sample.chat.utf8)
      return { repetitions in
        var management = StreamManagement()
        var confirmed: UInt64 = 0
        var output: [UInt8] = []
        for number in 1...repetitions {
          management.append(OutboundStanza(sequence: UInt64(number), bytes: bytes))
          guard number.isMultiple(of: 100) else { continue }
          output.removeAll(keepingCapacity: true)
          management.writeRequest(into: &output)
          confirmed = try management.acknowledge(h: StreamManagement.count("\(number)")) ?? confirmed
        }
        return Int(confirmed) &+ output.count
      }
    },
    // In: each stanza is counted; one `<a/>` of ours for 100.
    Operation("sm.handled", repetitions: 10_000) {
      { repetitions in
        var management = StreamManagement()
        var written = 0
        var output: [UInt8] = []
        for _ in 0..<repetitions {
          let number = management.receive()
          guard number.isMultiple(of: 100) else { continue }
          management.handle(upTo: number)
          output.removeAll(keepingCapacity: true)
          management.writeAcknowledgement(into: &output)
          written &+= output.count
        }
        return written
      }
    },
  ]
}
