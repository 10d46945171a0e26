/// One stanza's storage: everything lies in three flat arrays, and elements are indices into it.
///
/// Nodes are in document order, so a subtree is a range and skipping it is one step.
final class XMLArena: Sendable {
  /// An element, or a run of character data.
  struct Node: Sendable {
    /// Local name; empty for character data.
    var name: String
    var namespace: String
    /// An element's first attribute, or the first byte of character data.
    var first: Int32
    /// Number of attributes or of bytes.
    var count: Int32
    /// Index behind the last descendant.
    var end: Int32

    var isText: Bool { name.isEmpty }
  }

  struct Attribute: Sendable {
    var name: String
    var namespace: String
    /// Where the value lies in `bytes`.
    var first: Int32
    var count: Int32
  }

  let nodes: [Node]
  let attributes: [Attribute]
  /// Attribute values and character data, as UTF-8.
  let bytes: [UInt8]

  init(nodes: [Node], attributes: [Attribute], bytes: [UInt8]) {
    self.nodes = nodes
    self.attributes = attributes
    self.bytes = bytes
  }

  func slice(_ first: Int32, _ count: Int32) -> ArraySlice<UInt8> { bytes[Int(first)..<Int(first) + Int(count)] }

  func attributes(of node: Node) -> ArraySlice<Attribute> {
    attributes[Int(node.first)..<Int(node.first) + Int(node.count)]
  }
}
