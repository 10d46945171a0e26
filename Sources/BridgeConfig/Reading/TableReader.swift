internal import Mapping

/// A value that was read, and where it stands.
struct Setting<Value> {
  var value: Value
  /// Where its key is written; for an element of an array, where the element begins.
  var keyPosition: TOMLPosition
  /// Where the value begins.
  var position: TOMLPosition
}

/// Reads one table key by key. A key that nobody has asked for when `finish()` is called is unknown: so every reader
/// asks for all its keys, whatever it has found by then, and no list of known keys can differ from what is read.
final class TableReader {
  /// How the table is called in messages: `[mqtt]`, `[[account]]`.
  let title: String
  /// Where the table begins.
  let position: TOMLPosition
  let faults: FaultCollector

  /// How its keys are called in messages: `mqtt`, `account`; empty for the document.
  private let prefix: String
  private let members: [String: TOMLNode]
  private var asked: [String] = []

  private init(
    title: String, prefix: String, members: [String: TOMLNode], position: TOMLPosition, faults: FaultCollector
  ) {
    self.title = title
    self.prefix = prefix
    self.members = members
    self.position = position
    self.faults = faults
  }

  /// The whole document.
  convenience init(document: TOMLNode, faults: FaultCollector) {
    var members: [String: TOMLNode] = [:]
    if case .table(let found) = document.value { members = found }
    self.init(title: "the file", prefix: "", members: members, position: .start, faults: faults)
  }

  // MARK: - Keys

  /// The value of a key as it is in the file.
  func node(_ key: String) -> TOMLNode? {
    if !asked.contains(key) { asked.append(key) }
    return members[key]
  }

  /// The value of a key in a certain form; nil if the key is not there or does not fit, which is then reported.
  func read<Value>(_ key: String, _ form: ValueForm<Value>) -> Setting<Value>? {
    guard let node = node(key) else { return nil }
    return read(node, form, name: name(of: key), example: "\(key) = \(form.example)")
  }

  /// Like `read`, for a key that must be there.
  func require<Value>(_ key: String, _ form: ValueForm<Value>) -> Setting<Value>? {
    if node(key) == nil { faults.error("\(title) has no \(key); write \(key) = \(form.example)", at: position) }
    return read(key, form)
  }

  /// The elements of an array that fit; the others are reported. Nil if the key is not there or is no array.
  func list<Value>(_ key: String, _ form: ValueForm<Value>) -> [Setting<Value>]? {
    guard let node = node(key) else { return nil }
    guard case .array(let elements) = node.value else {
      wrongType(node, name: name(of: key), expected: "an array", example: "\(key) = [\(form.example)]")
      return nil
    }
    return elements.compactMap {
      read($0, form, name: "an element of \(name(of: key))", example: "\(key) = [\(form.example)]")
    }
  }

  /// The table of a key.
  func table(_ key: String) -> TableReader? {
    guard let node = node(key) else { return nil }
    guard case .table(let members) = node.value else {
      let example = prefix.isEmpty ? "[\(key)]" : "\(key) = { … }"
      wrongType(node, name: name(of: key), expected: "a table", example: example)
      return nil
    }
    return reader(of: members, title: "[\(name(of: key))]", key: key, position: node.position)
  }

  /// The tables of an array of tables; empty if the key is not there.
  func tables(_ key: String) -> [TableReader] {
    guard let node = node(key) else { return [] }
    let example = prefix.isEmpty ? "[[\(key)]]" : "\(key) = [{ … }]"
    guard case .array(let elements) = node.value else {
      wrongType(node, name: name(of: key), expected: "an array of tables", example: example)
      return []
    }
    return elements.compactMap { element in
      guard case .table(let members) = element.value else {
        wrongType(element, name: "an element of \(name(of: key))", expected: "a table", example: example)
        return nil
      }
      return reader(of: members, title: "[[\(name(of: key))]]", key: key, position: element.position)
    }
  }

  /// Reports every key that nobody has asked for.
  func finish() {
    for (key, node) in members where !asked.contains(key) {
      let advice =
        Spelling.nearest(to: key, in: asked).map { "the nearest is \"\($0)\"" }
        ?? "it has \(asked.sorted().joined(separator: ", "))"
      faults.error("\(title) has no key \(Quoted(key)); \(advice)", at: node.keyPosition)
    }
  }

  // MARK: - Messages

  /// How a key is called in messages: `mqtt.keepalive`.
  func name(of key: String) -> String { prefix.isEmpty ? key : "\(prefix).\(key)" }

  private func reader(
    of members: [String: TOMLNode], title: String, key: String, position: TOMLPosition
  ) -> TableReader {
    TableReader(title: title, prefix: name(of: key), members: members, position: position, faults: faults)
  }

  private func read<Value>(
    _ node: TOMLNode, _ form: ValueForm<Value>, name: String, example: String
  ) -> Setting<Value>? {
    do {
      return Setting(value: try form.read(node), keyPosition: node.keyPosition, position: node.position)
    } catch {
      switch error {
      case .type: wrongType(node, name: name, expected: form.expected, example: example)
      case .content(let message): faults.error("\(name) \(message)", at: node.position)
      }
      return nil
    }
  }

  private func wrongType(_ node: TOMLNode, name: String, expected: String, example: String) {
    faults.error("\(name) is \(node.found); it must be \(expected), such as \(example)", at: node.position)
  }
}
