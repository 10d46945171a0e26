import Records

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

/// Puts changes together for a record of the log, one record after the other in the same memory.
struct OperationEncoder: ~Copyable {
  private var fields = FieldWriter(capacity: 4 << 10)

  /// How much memory it keeps from one record to the next: a batch at full speed fits into that.
  private static let keptBytes = 128 << 10

  init() { begin() }

  /// Begins the next record.
  mutating func begin() {
    fields.removeAll(keepingAtMost: Self.keptBytes)
    for _ in 0..<OperationLog.recordHeader { fields.write(0 as UInt8) }
  }

  /// Lends the record, whose header is still to be filled in.
  @unsafe
  mutating func withRecord<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe fields.withUnsafeMutableBytes(body)
  }

  mutating func add(_ spool: JournalSpool, name: String) {
    put(.spool, spool)
    fields.write(name)
  }

  mutating func add(_ operation: JournalOperation) {
    switch operation {
    case .append(let spool, let rows):
      put(.append, spool)
      fields.write(UInt32(rows.count))
      for row in rows {
        fields.write(row.sequence)
        fields.write(row.time)
        fields.write(row.kind)
        fields.write(row.meta)
        fields.write(row.body)
      }
    case .amend(let spool, let sequence, let meta):
      put(.amend, spool)
      fields.write(sequence)
      fields.write(meta)
    case .trim(let spool, let last):
      put(.trim, spool)
      fields.write(last)
    case .remove(let spool, let sequences):
      put(.remove, spool)
      fields.write(list: sequences) { $0.write($1) }
    case .set(let key, let value):
      fields.write((value == nil ? OperationCode.unset : .set).rawValue)
      fields.write(key)
      if let value { fields.write(value) }
    case .redelivery(let spool, let keys):
      put(.redelivery, spool)
      fields.write(list: keys) { fields, key in
        fields.write(key.packet)
        fields.write(key.epoch)
        fields.write(key.hash)
      }
    case .clearRedelivery(let spool): put(.clearRedelivery, spool)
    }
  }

  private mutating func put(_ code: OperationCode, _ spool: JournalSpool) {
    fields.write(code.rawValue)
    fields.write(spool.id)
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
