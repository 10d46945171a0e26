internal import CSQLite

/// One prepared statement, finalized with the value.
@safe
struct Statement: ~Copyable {
  private let handle: OpaquePointer

  /// Takes over a statement that `sqlite3_prepare` returned.
  @unsafe
  init(adopting handle: OpaquePointer) { unsafe self.handle = unsafe handle }

  deinit { unsafe sqlite3_finalize(handle) }

  /// Sets an integer parameter; the first has number 1.
  func bind(_ parameter: Int32, _ value: Int64) { unsafe sqlite3_bind_int64(handle, parameter, value) }

  /// Sets a text parameter; the text is copied.
  func bind(_ parameter: Int32, _ value: String) {
    unsafe sqlite3_bind_text(handle, parameter, value, Int32(value.utf8.count), Self.copied)
  }

  /// Runs to the end a statement that returns no rows, and makes it ready to run again.
  func run() throws(SQLiteError) {
    defer { reset() }
    while try step() {}
  }

  /// Runs like ``run()`` with a blob parameter, which is not copied.
  func run(binding parameter: Int32, _ bytes: [UInt8]) throws(SQLiteError) {
    try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(SQLiteError) in
      unsafe bind(parameter, uncopied: bytes)
      try run()
    }
  }

  /// Runs like ``run()`` with two blob parameters, which are not copied.
  func run(
    binding first: Int32, _ firstBytes: [UInt8], _ second: Int32, _ secondBytes: [UInt8]
  ) throws(SQLiteError) {
    try unsafe firstBytes.withUnsafeBufferPointer { (bytes) throws(SQLiteError) in
      unsafe bind(first, uncopied: bytes)
      try run(binding: second, secondBytes)
    }
  }

  /// The bytes have to stay where they are until the statement has run.
  @unsafe
  private func bind(_ parameter: Int32, uncopied bytes: UnsafeBufferPointer<UInt8>) {
    if let address = bytes.baseAddress, !bytes.isEmpty {
      unsafe sqlite3_bind_blob64(handle, parameter, address, UInt64(bytes.count), nil)
    } else {
      // Without an address it would be NULL.
      unsafe sqlite3_bind_zeroblob(handle, parameter, 0)
    }
  }

  /// Goes to the next row; false behind the last.
  func step() throws(SQLiteError) -> Bool {
    switch unsafe sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code:
      throw unsafe SQLiteError(code: code, of: sqlite3_db_handle(handle))
    }
  }

  /// Makes it ready to run again; parameters keep their values.
  func reset() { unsafe sqlite3_reset(handle) }

  /// An integer of the present row; the first column has number 0, and NULL is 0.
  func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

  /// The size of a blob or text of the present row, without reading it.
  func size(_ column: Int32) -> Int { Int(unsafe sqlite3_column_bytes(handle, column)) }

  /// A blob of the present row; NULL is empty.
  func bytes(_ column: Int32) -> [UInt8] {
    guard let address = unsafe sqlite3_column_blob(handle, column) else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: address, count: size(column)))
  }

  /// A text of the present row; NULL is empty.
  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

  private static var copied: sqlite3_destructor_type { unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}
