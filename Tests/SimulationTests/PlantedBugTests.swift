import Testing

/// A simulation that finds nothing proves nothing: each bug that is planted has to be found.
@Suite struct PlantedBugTests {
  @Test("a planted bug is found within 1,000 seeds", arguments: PlantedBug.allCases)
  func found(plant: PlantedBug) {
    let seed = (1...1_000 as ClosedRange<UInt64>).first { seed in
      let world = World(seed: seed, plant: plant)
      world.run()
      return world.complaint != nil
    }
    #expect(seed != nil, "\(plant)")
  }
}
