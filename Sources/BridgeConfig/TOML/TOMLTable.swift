/// A table while its document is being read. A class, because headers come back to tables that were begun before.
final class TOMLTable {
  /// By what the table came to be, which decides what may still be added to it.
  enum Origin {
    /// As the parent of a table with a header. It may get a header of its own.
    case implied
    /// By `[a]` or as an element of `[[a]]`, or as the document. Only what stands below its header is added.
    case header
    /// By the keys `a.b = …` of its parent. More of those may follow.
    case dotted
  }

  enum Member {
    case value(TOMLNode)
    case table(TOMLTable)
    case tables([TOMLTable])
  }

  private(set) var origin: Origin
  private let keyPosition: TOMLPosition
  private var position: TOMLPosition
  private var members: [String: Member] = [:]

  init(_ origin: Origin, keyPosition: TOMLPosition, position: TOMLPosition) {
    self.origin = origin
    self.keyPosition = keyPosition
    self.position = position
  }

  /// A part of a dotted key.
  struct Key {
    var name: String
    var position: TOMLPosition
  }

  // MARK: - Headers

  /// The table that `[a.b.c]` begins, as seen from the document.
  /// - Parameter start: where the header begins.
  func table(header keys: [Key], start: TOMLPosition) throws(TOMLFault) -> TOMLTable {
    let (parent, key) = try parent(ofHeader: keys, start: start)
    switch parent.members[key.name] {
    case nil:
      let table = TOMLTable(.header, keyPosition: key.position, position: start)
      parent.members[key.name] = .table(table)
      return table
    case .table(let table) where table.origin == .implied:
      table.origin = .header
      table.position = start
      return table
    case .table: throw TOMLFault.twice(key, "keep one [\(key.name)] and put all its settings there")
    case .tables: throw TOMLFault.twice(key, "write [[\(key.name)]] for one more")
    case .value: throw TOMLFault.twice(key, "keep one of them")
    }
  }

  /// The element that `[[a.b.c]]` begins, as seen from the document.
  func element(header keys: [Key], start: TOMLPosition) throws(TOMLFault) -> TOMLTable {
    let (parent, key) = try parent(ofHeader: keys, start: start)
    let table = TOMLTable(.header, keyPosition: key.position, position: start)
    switch parent.members[key.name] {
    case nil: parent.members[key.name] = .tables([table])
    case .tables(let tables): parent.members[key.name] = .tables(tables + [table])
    case .table: throw TOMLFault.twice(key, "write [[\(key.name)]] every time")
    case .value: throw TOMLFault.twice(key, "keep one of them")
    }
    return table
  }

  /// Goes from the document to the table that holds the last key of a header. An array of tables stands for its last.
  private func parent(ofHeader keys: [Key], start: TOMLPosition) throws(TOMLFault) -> (TOMLTable, Key) {
    guard let last = keys.last else { throw TOMLFault(position: start, message: "a header without a name") }
    var table = self
    for key in keys.dropLast() {
      switch table.members[key.name] {
      case nil:
        let parent = TOMLTable(.implied, keyPosition: key.position, position: key.position)
        table.members[key.name] = .table(parent)
        table = parent
      case .table(let next): table = next
      case .tables(let elements):
        guard let latest = elements.last else { continue }
        table = latest
      case .value: throw TOMLFault.twice(key, "nothing can be added to the first")
      }
    }
    return (table, last)
  }

  // MARK: - Settings

  /// Sets `a.b.c = value` in this table.
  func set(_ keys: [Key], _ value: TOMLNode) throws(TOMLFault) {
    guard let last = keys.last else { return }
    var table = self
    for key in keys.dropLast() {
      switch table.members[key.name] {
      case nil:
        let next = TOMLTable(.dotted, keyPosition: key.position, position: key.position)
        table.members[key.name] = .table(next)
        table = next
      case .table(let next) where next.origin != .header:
        next.origin = .dotted
        table = next
      case .table, .tables, .value: throw TOMLFault.twice(key, "nothing can be added to the first")
      }
    }
    guard table.members[last.name] == nil else { throw TOMLFault.twice(last, "keep one of them") }
    table.members[last.name] = .value(value)
  }

  // MARK: - Result

  /// The finished table.
  func node() -> TOMLNode {
    let nodes = members.mapValues { member in
      switch member {
      case .value(let node): node
      case .table(let table): table.node()
      case .tables(let tables):
        TOMLNode(
          value: .array(tables.map { $0.node() }), keyPosition: tables.first?.keyPosition ?? keyPosition,
          position: tables.first?.position ?? position)
      }
    }
    return TOMLNode(value: .table(nodes), keyPosition: keyPosition, position: position)
  }
}

extension TOMLFault {
  fileprivate static func twice(_ key: TOMLTable.Key, _ advice: String) -> TOMLFault {
    TOMLFault(position: key.position, message: "\(Quoted(key.name)) is there already; \(advice)")
  }
}
