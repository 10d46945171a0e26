/// Many topic filters, asked which of them match a topic: the work grows with the topic's levels, not with the filters.
public struct TopicFilterTrie: Sendable {
  private struct Node: Sendable {
    /// The level this node stands for; wildcards have places of their own.
    var level: [UInt8]
    var parent: Int32
    /// Children by the hash of their level; those of one hash form a chain through `next`.
    var children: [UInt64: Int32] = [:]
    var next: Int32 = -1
    var plus: Int32 = -1
    /// Filters that end here.
    var ids: [Int] = []
    /// Filters that go on with `#`.
    var idsBelow: [Int] = []
  }

  private var nodes = [Node(level: [], parent: -1)]
  /// How many pairs of filter and id are in it.
  public private(set) var count = 0

  /// An empty trie.
  public init() {}

  /// Whether it holds no filter.
  public var isEmpty: Bool { count == 0 }

  /// Adds a filter under an id of the caller's. An id may stand for several filters and a filter have several ids.
  public mutating func insert(_ filter: TopicFilter, id: Int) {
    var node = 0
    for level in filter.text.utf8.split(separator: .slash, omittingEmptySubsequences: false) {
      if level.elementsEqual([.hash]) {
        nodes[node].idsBelow.append(id)
        count += 1
        return
      }
      node = level.elementsEqual([.plus]) ? plusChild(of: node) : child(of: node, level: Array(level))
    }
    nodes[node].ids.append(id)
    count += 1
  }

  /// Removes a filter that was added under this id, once; false if there is none.
  @discardableResult
  public mutating func remove(_ filter: TopicFilter, id: Int) -> Bool {
    var node = 0
    for level in filter.text.utf8.split(separator: .slash, omittingEmptySubsequences: false) {
      if level.elementsEqual([.hash]) { return take(id, from: \.idsBelow, of: node) }
      let found = level.elementsEqual([.plus]) ? nodes[node].plus : existingChild(of: node, level: Array(level))
      guard found >= 0 else { return false }
      node = Int(found)
    }
    return take(id, from: \.ids, of: node)
  }

  /// The ids of all filters that match `topic`, in no order. An id whose filters match several times comes as often.
  public func ids(matching topic: String) -> [Int] {
    var found: [Int] = []
    forEachMatch(of: topic) { found.append($0) }
    return found
  }

  /// Calls `body` with the id of each filter that matches `topic`.
  public func forEachMatch(of topic: String, _ body: (Int) -> Void) {
    guard count > 0 else { return }
    var topic = topic
    topic.withUTF8 { bytes in
      visit(0, bytes, from: 0, wildcards: bytes.first != .dollar, body)
    }
  }

  /// - Parameters:
  ///   - start: where the level begins that the node's children are asked about; beyond the end: there is none.
  ///   - wildcards: false at the first level of a topic that starts with `$`.
  private func visit(
    _ index: Int, _ topic: UnsafeBufferPointer<UInt8>, from start: Int, wildcards: Bool, _ body: (Int) -> Void
  ) {
    let node = nodes[index]
    if wildcards { node.idsBelow.forEach(body) }
    guard start <= topic.count else { return node.ids.forEach(body) }
    var end = start
    var hash = Self.hashSeed
    while end < topic.count, topic[end] != .slash {
      hash = Self.hash(hash, topic[end])
      end += 1
    }
    if wildcards, node.plus >= 0 { visit(Int(node.plus), topic, from: end + 1, wildcards: true, body) }
    var candidate = node.children[hash] ?? -1
    while candidate >= 0 {
      let child = nodes[Int(candidate)]
      if child.level.elementsEqual(topic[start..<end]) {
        return visit(Int(candidate), topic, from: end + 1, wildcards: true, body)
      }
      candidate = child.next
    }
  }

  private static let hashSeed: UInt64 = 0xCBF2_9CE4_8422_2325

  private static func hash(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }

  private func existingChild(of node: Int, level: [UInt8]) -> Int32 {
    var candidate = nodes[node].children[level.reduce(Self.hashSeed, Self.hash)] ?? -1
    while candidate >= 0, nodes[Int(candidate)].level != level { candidate = nodes[Int(candidate)].next }
    return candidate
  }

  private mutating func child(of node: Int, level: [UInt8]) -> Int {
    let existing = existingChild(of: node, level: level)
    if existing >= 0 { return Int(existing) }
    let hash = level.reduce(Self.hashSeed, Self.hash)
    let new = append(Node(level: level, parent: Int32(node), next: nodes[node].children[hash] ?? -1))
    nodes[node].children[hash] = Int32(new)
    return new
  }

  private mutating func plusChild(of node: Int) -> Int {
    if nodes[node].plus >= 0 { return Int(nodes[node].plus) }
    let new = append(Node(level: [], parent: Int32(node)))
    nodes[node].plus = Int32(new)
    return new
  }

  private mutating func append(_ node: Node) -> Int {
    nodes.append(node)
    return nodes.count - 1
  }

  /// Nodes stay when their last filter goes: a reload that takes filters out builds the trie anew.
  private mutating func take(_ id: Int, from ids: WritableKeyPath<Node, [Int]>, of node: Int) -> Bool {
    guard let position = nodes[node][keyPath: ids].firstIndex(of: id) else { return false }
    nodes[node][keyPath: ids].remove(at: position)
    count -= 1
    return true
  }
}
