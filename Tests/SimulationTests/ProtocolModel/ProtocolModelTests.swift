import Testing

/// Every interleaving of two messages with one loss of either connection and one death, in both directions.
@Suite struct ProtocolModelTests {
  @Test("MQTT → XMPP keeps its word in every state there is")
  func outward() {
    let exploration = Exploration(from: OutwardModel())
    #expect(exploration.violation == nil, "\(String(describing: exploration.violation))")
    #expect(exploration.states > 10_000)
    #expect(exploration.ends > 0)
    print("outward: \(exploration.states) states, \(exploration.ends) ends")
  }

  @Test("XMPP → MQTT keeps its word in every state there is")
  func inward() {
    let exploration = Exploration(from: InwardModel())
    #expect(exploration.violation == nil, "\(String(describing: exploration.violation))")
    #expect(exploration.states > 10_000)
    #expect(exploration.ends > 0)
    print("inward: \(exploration.states) states, \(exploration.ends) ends")
  }

  @Test(
    "MQTT → XMPP with a planted bug does not",
    arguments: [
      .confirmsBeforeCommit, .skipsSync, .acknowledgesAtOnce, .dropsResend, .forgetsFailedCount, .forgetsRedeliveryKeys,
      .trustsOldState,
    ] as [PlantedBug])
  func outwardBug(plant: PlantedBug) {
    let found = Exploration(from: OutwardModel(plant: plant)).violation
    print("\(plant) \(String(describing: found))")
    #expect(found != nil)
  }

  @Test(
    "XMPP → MQTT with a planted bug does not",
    arguments: [
      .confirmsBeforeCommit, .skipsSync, .countsOneTooMany, .resumesOneTooLow, .resumesBeforeSync, .forgetsInFlight,
      .trimsOneTooMany, .trustsOldState,
    ] as [PlantedBug])
  func inwardBug(plant: PlantedBug) {
    let found = Exploration(from: InwardModel(plant: plant)).violation
    print("\(plant) \(String(describing: found))")
    #expect(found != nil)
  }
}
