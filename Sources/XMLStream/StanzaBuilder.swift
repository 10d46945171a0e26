internal import CLibXML2

/// Collects one stanza from parser callbacks and hands it over as an element.
struct StanzaBuilder: ~Copyable {
  private var nodes: [XMLArena.Node] = []
  private var attributes: [XMLArena.Attribute] = []
  private var bytes: [UInt8] = []
  /// Indices of the elements that have not ended yet, outermost first.
  private var open: [Int] = []
  /// The last node is character data, and nothing has come since.
  private var isInText = false
  private var names: NameCache

  init(contentNamespace: String) { names = NameCache(contentNamespace: contentNamespace) }

  /// How many elements have begun and not ended.
  var depth: Int { open.count }

  /// Starts an element with attributes as libxml2 passes them: five pointers each, to name, prefix, namespace, and to
  /// the value's first byte and past its last.
  mutating func start(
    _ name: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?, attributeCount: Int,
    attributes values: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
  ) {
    if open.isEmpty { prepare() }
    open.append(nodes.count)
    isInText = false
    unsafe nodes.append(
      XMLArena.Node(
        name: names.string(name), namespace: names.string(namespace),
        first: Int32(truncatingIfNeeded: attributes.count),
        count: Int32(truncatingIfNeeded: attributeCount), end: 0))
    guard let values = unsafe values else { return }
    for index in 0..<attributeCount {
      let parts = unsafe values + 5 * index
      let value = unsafe UnsafeBufferPointer(start: parts[3], count: parts[4]! - parts[3]!)
      let first = bytes.count
      unsafe Ampersands.append(value, to: &bytes)
      unsafe attributes.append(
        XMLArena.Attribute(
          name: names.string(parts[0]), namespace: names.string(parts[2]), first: Int32(truncatingIfNeeded: first),
          count: Int32(truncatingIfNeeded: bytes.count - first)))
    }
  }

  /// Adds character data to the innermost element; it may come in several pieces.
  mutating func text(_ text: UnsafeBufferPointer<UInt8>) {
    if isInText {
      nodes[nodes.count - 1].count += Int32(truncatingIfNeeded: text.count)
    } else {
      isInText = true
      nodes.append(
        XMLArena.Node(
          name: "", namespace: "", first: Int32(truncatingIfNeeded: bytes.count),
          count: Int32(truncatingIfNeeded: text.count), end: Int32(truncatingIfNeeded: nodes.count + 1)))
    }
    unsafe bytes.append(contentsOf: text)
  }

  /// Ends the innermost element; returns the stanza if that was it.
  mutating func end() -> XMLElement? {
    guard let index = open.popLast() else { return nil }
    isInText = false
    nodes[index].end = Int32(truncatingIfNeeded: nodes.count)
    guard open.isEmpty else { return nil }
    // The arrays move into the arena; the next stanza gets its own.
    let arena = XMLArena(nodes: nodes, attributes: attributes, bytes: bytes)
    nodes = []
    attributes = []
    bytes = []
    return XMLElement(arena: arena, index: 0)
  }

  /// Room for an ordinary message, so that one allocation each is enough.
  private mutating func prepare() {
    nodes.reserveCapacity(8)
    attributes.reserveCapacity(8)
    bytes.reserveCapacity(256)
  }
}
