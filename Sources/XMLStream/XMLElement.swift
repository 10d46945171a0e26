/// An immutable XML element: a view into the storage of the stanza it belongs to, cheap to copy.
///
/// Two elements are equal if name, namespace, attributes (in any order) and content are.
public struct XMLElement: Sendable {
  let arena: XMLArena
  let index: Int

  private var node: XMLArena.Node { arena.nodes[index] }

  /// The local name.
  public var name: String { arena.nodes[index].name }

  /// The namespace name; empty if the element is in none.
  public var namespace: String { arena.nodes[index].namespace }

  /// Whether the element has this name in this namespace.
  public func `is`(_ name: String, in namespace: String) -> Bool {
    self.name == name && self.namespace == namespace
  }

  /// The value of an attribute; nil if the element has none of that name.
  /// - Parameter namespace: empty for attributes without prefix, which are in no namespace.
  public func attribute(_ name: String, namespace: String = "") -> String? {
    // Looked at where they lie: a copy of an attribute would count references to its strings, and a slice to the bytes.
    let all = arena.attributes
    let attributes = all.span
    let first = Int(node.first)
    for index in first..<(first + Int(node.count)) {
      guard attributes[index].name == name, attributes[index].namespace == namespace else { continue }
      let start = Int(attributes[index].first)
      let end = start + Int(attributes[index].count)
      return unsafe arena.bytes.withUnsafeBufferPointer { bytes in
        unsafe String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
      }
    }
    return nil
  }

  /// An attribute by its parts.
  public struct Attribute: Sendable, Hashable {
    /// The local name.
    public var name: String
    /// The namespace name; empty for attributes without prefix.
    public var namespace: String
    /// The value, with all references resolved.
    public var value: String
  }

  /// All attributes in the order of the document; namespace declarations are none.
  public var attributes: [Attribute] {
    arena.attributes(of: node).map {
      Attribute(
        name: $0.name, namespace: $0.namespace, value: String(decoding: arena.slice($0.first, $0.count), as: UTF8.self))
    }
  }

  /// The elements directly inside, in the order of the document.
  public var children: Children { Children(arena: arena, start: index + 1, end: Int(node.end)) }

  /// The first element directly inside that has this name in this namespace.
  public func child(_ name: String, in namespace: String) -> XMLElement? {
    let all = arena.nodes
    let nodes = all.span
    let end = Int(nodes[index].end)
    var position = index + 1
    while position < end {
      if nodes[position].name == name, nodes[position].namespace == namespace {
        return XMLElement(arena: arena, index: position)
      }
      position = Int(nodes[position].end)
    }
    return nil
  }

  /// The character data directly inside, concatenated.
  public var text: String { String(decoding: textBytes, as: UTF8.self) }

  /// ``text`` as UTF-8. A single run of text is not copied but shares, and keeps alive, the stanza's storage.
  public var textBytes: ArraySlice<UInt8> {
    let runs = TextRuns(arena: arena, position: index + 1, end: Int(node.end))
    var all: ArraySlice<UInt8> = []
    for run in runs {
      if all.isEmpty { all = run } else { all += run }
    }
    return all
  }

  /// The elements directly inside another.
  public struct Children: Sequence, Sendable {
    fileprivate let arena: XMLArena
    fileprivate let start: Int
    fileprivate let end: Int

    /// Starts at the first child.
    public func makeIterator() -> Iterator { Iterator(arena: arena, position: start, end: end) }

    /// The first child, whatever its name; nil if there is none.
    public var first: XMLElement? { first { _ in true } }

    /// Goes from child to child, over everything inside them.
    public struct Iterator: IteratorProtocol {
      fileprivate let arena: XMLArena
      fileprivate var position: Int
      fileprivate let end: Int

      /// The next child, or nil behind the last.
      public mutating func next() -> XMLElement? {
        while position < end {
          let index = position
          position = Int(arena.nodes[index].end)
          if !arena.nodes[index].isText { return XMLElement(arena: arena, index: index) }
        }
        return nil
      }
    }
  }

  /// The runs of character data directly inside an element.
  private struct TextRuns: Sequence, IteratorProtocol {
    let arena: XMLArena
    var position: Int
    let end: Int

    mutating func next() -> ArraySlice<UInt8>? {
      while position < end {
        let node = arena.nodes[position]
        position = Int(node.end)
        if node.isText { return arena.slice(node.first, node.count) }
      }
      return nil
    }
  }
}

extension XMLElement: Equatable {
  /// Structural equality; the order of attributes does not matter.
  public static func == (left: XMLElement, right: XMLElement) -> Bool {
    let (a, b) = (left.arena, right.arena)
    if a === b && left.index == right.index { return true }
    let size = Int(left.node.end) - left.index
    guard size == Int(right.node.end) - right.index else { return false }
    // Equal subtrees have equal shapes, so their nodes correspond one by one.
    for offset in 0..<size {
      let (x, y) = (a.nodes[left.index + offset], b.nodes[right.index + offset])
      guard x.name == y.name, x.namespace == y.namespace, x.count == y.count,
        Int(x.end) - left.index == Int(y.end) - right.index
      else { return false }
      if x.isText {
        guard a.slice(x.first, x.count) == b.slice(y.first, y.count) else { return false }
      } else {
        let others = b.attributes(of: y)
        for one in a.attributes(of: x) {
          guard
            others.contains(where: {
              $0.name == one.name && $0.namespace == one.namespace
                && b.slice($0.first, $0.count) == a.slice(one.first, one.count)
            })
          else { return false }
        }
      }
    }
    return true
  }
}

extension XMLElement: CustomStringConvertible {
  /// The element's canonical text, as ``serialized()`` writes it.
  public var description: String { String(decoding: serialized(), as: UTF8.self) }

  /// The element as bytes of a client stream: written anew from the tree, with the namespace `jabber:client` left out
  /// where it is the surrounding one.
  public func serialized() -> [UInt8] {
    var writer = XMLWriter()
    writer.element(self)
    return writer.bytes
  }
}
