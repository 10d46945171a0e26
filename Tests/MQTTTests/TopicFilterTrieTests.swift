import MQTT
import TestSupport
import Testing

@Suite("TopicFilterTrie")
struct TopicFilterTrieTests {
  @Test("finds what a linear search finds, while filters come and go")
  func agreesWithLinearSearch() throws {
    var random = SeededGenerator(seed: 2)
    for _ in 0..<60 {
      var trie = TopicFilterTrie()
      var filters: [(filter: TopicFilter, id: Int)] = []
      for id in 0..<80 {
        if random.below(5) == 0, !filters.isEmpty {
          let gone = filters.remove(at: random.below(filters.count))
          #expect(trie.remove(gone.filter, id: gone.id) == true)
        }
        let filter = try TopicFilter(random.path(wildcards: true))
        trie.insert(filter, id: id)
        filters.append((filter, id))
      }
      #expect(trie.count == filters.count)
      for _ in 0..<60 {
        let topic = random.path(wildcards: false)
        let expected = filters.filter { $0.filter.matches(topic) }.map(\.id)
        #expect(trie.ids(matching: topic).sorted() == expected.sorted(), "\(topic)")
      }
    }
  }

  @Test("does not remove what is not there")
  func removesNothing() throws {
    var trie = TopicFilterTrie()
    trie.insert(try TopicFilter("a/+"), id: 1)
    #expect(trie.remove(try TopicFilter("a/+"), id: 2) == false)
    #expect(trie.remove(try TopicFilter("a/b"), id: 1) == false)
    #expect(trie.remove(try TopicFilter("a/#"), id: 1) == false)
    #expect(trie.ids(matching: "a/x") == [1])
  }

  @Test("gives one id once for each of its filters that match")
  func repeatsIDs() throws {
    var trie = TopicFilterTrie()
    trie.insert(try TopicFilter("a/#"), id: 7)
    trie.insert(try TopicFilter("a/b"), id: 7)
    #expect(trie.ids(matching: "a/b") == [7, 7])
    #expect(trie.ids(matching: "a") == [7])
    #expect(TopicFilterTrie().ids(matching: "a").isEmpty)
  }
}

@Suite("CoveringFilters")
struct CoveringFiltersTests {
  private func covering(_ filters: String...) throws -> [String] {
    CoveringFilters.of(try filters.map { try TopicFilter($0) }).map(\.text)
  }

  @Test("leaves filters alone that share no topic")
  func disjoint() throws {
    #expect(try covering("b/x", "a/+", "a/b/c") == ["a/+", "a/b/c", "b/x"])
    #expect(try covering("$SYS/a", "#") == ["#", "$SYS/a"])
  }

  @Test("merges filters that overlap")
  func overlapping() throws {
    #expect(try covering("a/b", "a/b") == ["a/b"])
    #expect(try covering("a/b", "a/+") == ["a/+"])
    #expect(try covering("a/#", "a") == ["a/#"])
    #expect(try covering("a/+/c", "+/b/c") == ["+/+/c"])
    #expect(
      try covering("xmpp/home/message/+/send", "xmpp/home/message/+/send/json") == [
        "xmpp/home/message/+/send", "xmpp/home/message/+/send/json",
      ])
    // The cover of two overlaps a third that neither of them overlapped.
    #expect(try covering("a/+/c", "+/b/c", "x/y/c") == ["+/+/c"])
  }

  @Test("covers everything and overlaps nowhere")
  func coversProperty() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      let filters = try (0..<(1 + random.below(6))).map { _ in try TopicFilter(random.path(wildcards: true)) }
      let covering = CoveringFilters.of(filters)
      for _ in 0..<50 {
        let topic = random.path(wildcards: false)
        let hits = covering.count { $0.matches(topic) }
        #expect(hits <= 1, "\(filters) \(covering) \(topic)")
        if filters.contains(where: { $0.matches(topic) }) { #expect(hits == 1, "\(filters) \(covering) \(topic)") }
      }
      #expect(CoveringFilters.of(filters.reversed()) == covering)
      #expect(CoveringFilters.of(covering) == covering)
    }
  }
}
