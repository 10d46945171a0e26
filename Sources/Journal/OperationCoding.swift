/// How changes stand in the log: each begins with the number of its kind; integers are little-endian, bytes and texts stand behind
/// their length.
enum OperationCode: UInt8 {
  case append = 1
  case amend, trim, remove, set, unset, redelivery, clearRedelivery, spool
}

/// A change as the log has it.
enum LoggedOperation: Equatable {
  case operation(JournalOperation)
  /// A spool has been made.
  case spool(JournalSpool, name: String)
}

/// Puts changes together for a record of the log.
struct OperationEncoder {
  /// The record; its header is still to be filled in.
  var record: [UInt8]

  /// - Parameter capacity: how many bytes the changes are expected to take.
  init(capacity: Int) {
    record = []
    record.reserveCapacity(OperationLog.recordHeader + capacity)
    record.append(contentsOf: repeatElement(0, count: OperationLog.recordHeader))
  }

  mutating func add(_ spool: JournalSpool, name: String) {
    put(.spool, spool)
    put(Array(name.utf8))
  }

  mutating func add(_ operation: JournalOperation) {
    switch operation {
    case .append(let spool, let rows):
      put(.append, spool)
      put(UInt32(rows.count))
      for row in rows {
        put(row.sequence)
        put(row.time)
        record.append(row.kind)
        put(row.meta)
        put(row.body)
      }
    case .amend(let spool, let sequence, let meta):
      put(.amend, spool)
      put(sequence)
      put(meta)
    case .trim(let spool, let last):
      put(.trim, spool)
      put(last)
    case .remove(let spool, let sequences):
      put(.remove, spool)
      put(UInt32(sequences.count))
      for sequence in sequences { put(sequence) }
    case .set(let key, let value):
      record.append((value == nil ? OperationCode.unset : .set).rawValue)
      put(key)
      if let value { put(value) }
    case .redelivery(let spool, let keys):
      put(.redelivery, spool)
      put(UInt32(keys.count))
      for key in keys {
        put(key.packet)
        put(key.epoch)
        put(key.hash)
      }
    case .clearRedelivery(let spool): put(.clearRedelivery, spool)
    }
  }

  private mutating func put(_ code: OperationCode, _ spool: JournalSpool) {
    record.append(code.rawValue)
    put(spool.id)
  }

  private mutating func put(_ value: some FixedWidthInteger) {
    var rest = value
    for _ in 0..<(value.bitWidth / 8) {
      record.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  private mutating func put(_ bytes: [UInt8]) {
    put(UInt32(bytes.count))
    record.append(contentsOf: bytes)
  }

  private mutating func put(_ text: String) {
    put(UInt32(text.utf8.count))
    record.append(contentsOf: text.utf8)
  }
}

/// Reads changes back. What the checksum has vouched for and cannot be read was written by another version, or is damage.
struct OperationDecoder {
  private var rest: ArraySlice<UInt8>

  init(_ payload: ArraySlice<UInt8>) { rest = payload }

  /// The next change; nil behind the last.
  mutating func next() throws(SQLiteError) -> LoggedOperation? {
    guard !rest.isEmpty else { return nil }
    guard let code = OperationCode(rawValue: try integer()) else { throw Self.damage }
    switch code {
    case .append:
      let spool = try spool()
      return .operation(.append(spool, try list { (decoder) throws(SQLiteError) in try decoder.row() }))
    case .amend: return .operation(.amend(try spool(), sequence: try integer(), meta: try bytes()))
    case .trim: return .operation(.trim(try spool(), upTo: try integer()))
    case .remove:
      let spool = try spool()
      return .operation(.remove(spool, try list { (decoder) throws(SQLiteError) in try decoder.integer() }))
    case .set: return .operation(.set(key: try text(), try bytes()))
    case .unset: return .operation(.set(key: try text(), nil))
    case .redelivery:
      let spool = try spool()
      let keys = try list { (decoder) throws(SQLiteError) in
        RedeliveryKey(packet: try decoder.integer(), epoch: try decoder.integer(), hash: try decoder.integer())
      }
      return .operation(.redelivery(spool, keys))
    case .clearRedelivery: return .operation(.clearRedelivery(try spool()))
    case .spool: return .spool(try spool(), name: try text())
    }
  }

  private static var damage: SQLiteError { .damage("a record of the log cannot be read") }

  private mutating func row() throws(SQLiteError) -> JournalRow {
    let sequence: UInt64 = try integer()
    guard (1..<JournalRow.sequenceEnd).contains(sequence) else { throw Self.damage }
    return JournalRow(
      sequence: sequence, time: try integer(), kind: try integer(), meta: try bytes(), body: try bytes())
  }

  private mutating func spool() throws(SQLiteError) -> JournalSpool { JournalSpool(id: try integer()) }

  private mutating func list<Element>(
    _ element: (inout OperationDecoder) throws(SQLiteError) -> Element
  ) throws(SQLiteError) -> [Element] {
    let count: UInt32 = try integer()
    var elements: [Element] = []
    for _ in 0..<count { elements.append(try element(&self)) }
    return elements
  }

  private mutating func integer<Value: FixedWidthInteger>() throws(SQLiteError) -> Value {
    let bytes = try take(Value.bitWidth / 8)
    return bytes.reversed().reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
  }

  private mutating func bytes() throws(SQLiteError) -> [UInt8] {
    let count: UInt32 = try integer()
    return Array(try take(Int(count)))
  }

  private mutating func text() throws(SQLiteError) -> String { String(decoding: try bytes(), as: UTF8.self) }

  private mutating func take(_ count: Int) throws(SQLiteError) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw Self.damage }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}
