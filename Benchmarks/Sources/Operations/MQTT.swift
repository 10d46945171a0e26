import MQTT

extension Operation {
  /// What the MQTT side keeps about each message.
  static let mqtt = [
    // In: is it one that the broker delivers again? With it goes the hash of topic and payload.
    Operation("mqtt.redelivery", repetitions: 5_000) {
      let payload = Array(Sample.body.utf8)
      return { repetitions in
        var filter = RedeliveryFilter()
        filter.connected(sessionPresent: false)
        var new = 0
        for index in 0..<repetitions {
          let publish = InboundPublish(
            index: UInt64(index), packetID: UInt16(index % 65_535 + 1),
            topic: "xmpp/home/message/alice@example.org/send", payload: payload, qos: .atLeastOnce)
          if case .new = filter.check(publish) { new += 1 }
        }
        return new
      }
    },
    // Out: a publish takes its place, leaves, is confirmed and answered, in batches of 100, the most that are in flight.
    Operation("mqtt.window", repetitions: 5_000) {
      let payload = Array(Sample.body.utf8)
      return { repetitions in
        var window = PublishWindow()
        window.connected(PublishWindow.Limits())
        var answered = 0
        for batch in 0..<(repetitions / 100) {
          for index in 0..<100 {
            let publish = OutboundPublish(
              token: UInt64(batch * 100 + index), topic: "xmpp/home/message/alice@example.org", payload: payload)
            window.append(publish, publisher: 1)
          }
          var packetID: UInt16 = 0
          while let outgoing = window.next(now: .zero) {
            packetID += 1
            window.sent(outgoing, packetID: packetID)
          }
          for packetID in 1...packetID { window.confirmed(packetID: packetID, .success, now: .zero) }
          answered += window.takeAnswers().count
        }
        return answered
      }
    },
  ]
}
