import Records

/// Builds the bytes of XML: escapes, declares namespaces where they change, keeps tags balanced.
///
/// What it writes is meant for a stream whose default namespace is `jabber:client` (or, in a component's stream, the
/// namespace that stands for it), so that namespace is not declared at the top. Names must be valid XML names: they
/// come from code or from a parsed tree, never from a peer's text. Characters that XML 1.0 forbids become U+FFFD;
/// whoever wants them refused asks ``firstForbidden(in:)`` before.
public struct XMLWriter: ~Copyable, Sendable {
  /// What has been written. Complete once every ``open(_:namespace:)`` has had its ``close()``.
  public var bytes: [UInt8] { sink.bytes }

  private var sink: ByteSink

  private struct Open {
    /// As written, with its prefix.
    var name: String
    var namespace: String
    /// What an element without prefix inside it is in.
    var defaultNamespace: String
  }
  private var open: [Open] = []
  /// The start tag of the innermost element still lacks its `>`.
  private var tagIsOpen = false
  /// Namespaces that got a prefix in the start tag being written; the position is the number in the prefix.
  private var prefixed: [String] = []
  /// Whether the prefix `stream` is declared around what is written.
  private let isInStream: Bool

  /// An empty writer.
  /// - Parameter inStream: whether the bytes are to stand in a stream whose header declared the prefix `stream`:
  ///   elements in the streams namespace then get that prefix, on which some servers insist (RFC 6120 §4.8.5).
  public init(inStream: Bool = false) {
    isInStream = inStream
    sink = ByteSink(capacity: 512)
  }

  /// Starts an element.
  /// - Parameters:
  ///   - name: its local name.
  ///   - namespace: its namespace; nil for that of the surrounding element.
  public mutating func open(_ name: String, namespace: String? = nil) {
    let surrounding = open.last?.defaultNamespace ?? XMLNamespace.client
    let namespace = namespace ?? open.last?.namespace ?? XMLNamespace.client
    finishTag()
    let usesPrefix = isInStream && namespace == XMLNamespace.streams
    let written = usesPrefix ? "stream:" + name : name
    sink.append(UInt8(ascii: "<"))
    sink.append(written)
    tagIsOpen = true
    if !usesPrefix && namespace != surrounding { declare("", namespace) }
    open.append(
      Open(name: written, namespace: namespace, defaultNamespace: usesPrefix ? surrounding : namespace))
  }

  /// Adds an attribute to the element just opened; nothing may have been written inside it yet.
  /// - Parameter namespace: empty for an attribute without prefix.
  public mutating func attribute(_ name: String, _ value: String, namespace: String = "") {
    attribute(name, utf8: value.utf8.span, namespace: namespace)
  }

  private mutating func attribute(_ name: String, utf8 value: Span<UInt8>, namespace: String) {
    precondition(tagIsOpen, "an attribute belongs into the start tag")
    var prefix = ""
    if namespace == XMLNamespace.xml {
      prefix = "xml:"
    } else if !namespace.isEmpty {
      let number = prefixed.firstIndex(of: namespace) ?? prefixed.count
      if number == prefixed.count {
        prefixed.append(namespace)
        declare(":a\(number)", namespace)
      }
      prefix = "a\(number):"
    }
    sink.append(UInt8(ascii: " "))
    sink.append(prefix)
    sink.append(name)
    sink.append("='")
    escape(value, inAttribute: true)
    sink.append(UInt8(ascii: "'"))
  }

  /// Adds character data to the innermost element.
  public mutating func text(_ text: String) {
    self.text(utf8: text.utf8.span)
  }

  /// Adds character data given as well-formed UTF-8.
  public mutating func text(utf8: Span<UInt8>) {
    finishTag()
    escape(utf8, inAttribute: false)
  }

  /// Ends the innermost element; one without content is written as an empty-element tag.
  public mutating func close() {
    guard let element = open.popLast() else { preconditionFailure("close() without open()") }
    if tagIsOpen {
      sink.append("/>")
      tagIsOpen = false
      prefixed.removeAll()
    } else {
      sink.append("</")
      sink.append(element.name)
      sink.append(UInt8(ascii: ">"))
    }
  }

  /// Adds an element with everything in it.
  public mutating func element(_ element: XMLElement) {
    let arena = element.arena
    var ends: [Int] = []
    var index = element.index
    let end = Int(arena.nodes[index].end)
    while index < end {
      let node = arena.nodes[index]
      if node.isText {
        text(utf8: arena.slice(node.first, node.count).span)
      } else {
        open(node.name, namespace: node.namespace)
        for attribute in arena.attributes(of: node) {
          self.attribute(
            attribute.name, utf8: arena.slice(attribute.first, attribute.count).span, namespace: attribute.namespace)
        }
        ends.append(Int(node.end))
      }
      index += 1
      while ends.last == index {
        ends.removeLast()
        close()
      }
    }
  }

  /// A stream header of a client or component (RFC 6120 §4.7), with the XML declaration.
  /// - Parameter contentNamespace: what the default namespace of the stream is.
  public static func streamHeader(
    _ header: StreamHeader, contentNamespace: String = XMLNamespace.client
  ) -> [UInt8] {
    var writer = XMLWriter(inStream: true)
    writer.open("stream", namespace: XMLNamespace.streams)
    writer.declare("", contentNamespace)
    writer.declare(":stream", XMLNamespace.streams)
    for (name, value) in [
      ("from", header.from), ("to", header.to), ("id", header.id), ("version", header.version),
    ] {
      if let value { writer.attribute(name, value) }
    }
    if let language = header.language { writer.attribute("lang", language, namespace: XMLNamespace.xml) }
    writer.finishTag()
    return "<?xml version='1.0'?>".utf8 + writer.bytes
  }

  private mutating func finishTag() {
    guard tagIsOpen else { return }
    sink.append(UInt8(ascii: ">"))
    tagIsOpen = false
    prefixed.removeAll()
  }

  private mutating func declare(_ suffix: String, _ namespace: String) {
    sink.append(" xmlns")
    sink.append(suffix)
    sink.append("='")
    escape(namespace.utf8.span, inAttribute: true)
    sink.append(UInt8(ascii: "'"))
  }

  private mutating func escape(_ utf8: Span<UInt8>, inAttribute: Bool) {
    let isPlain = unsafe utf8.withUnsafeBufferPointer { text in
      guard unsafe PlainText.holds(text, without: Self.suspicious) else { return false }
      unsafe sink.append(text)
      return true
    }
    if isPlain { return }
    // What may stand as it is gets copied in long runs.
    var copied = 0
    for index in utf8.indices {
      let byte = utf8[index]
      var start = index
      let replacement: String
      switch byte {
      case 0x3F..<0xBE: continue
      case UInt8(ascii: "&"): replacement = "&amp;"
      case UInt8(ascii: "<"): replacement = "&lt;"
      case UInt8(ascii: ">"): replacement = "&gt;"
      case UInt8(ascii: "'") where inAttribute: replacement = "&apos;"
      // A parser makes line feeds and spaces of these unless they are written as references (XML 1.0 §2.11, §3.3.3).
      case 0x0D: replacement = "&#13;"
      case 0x0A where inAttribute: replacement = "&#10;"
      case 0x09 where inAttribute: replacement = "&#9;"
      case 0x09, 0x0A: continue
      case 0..<0x20: replacement = "\u{FFFD}"
      case 0xBE...0xBF where index >= 2 && utf8[index - 1] == 0xBF && utf8[index - 2] == 0xEF:
        // U+FFFE and U+FFFF.
        start = index - 2
        replacement = "\u{FFFD}"
      default: continue
      }
      append(utf8.extracting(copied..<start))
      sink.append(replacement)
      copied = index + 1
    }
    append(utf8.extracting(copied..<utf8.count))
  }

  private mutating func append(_ run: Span<UInt8>) {
    unsafe run.withUnsafeBufferPointer { unsafe sink.append($0) }
  }

  /// What may have to be replaced, beside the control characters; 0xEF begins U+FFFE and U+FFFF.
  private static let suspicious: InlineArray<5, UInt8> = [
    UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "'"), 0xEF,
  ]
}
