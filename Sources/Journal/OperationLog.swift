internal import CSQLite
internal import Glibc

/// The log of changes beside the database: what has been committed and is not yet in there.
///
/// A commit is one record, written with one call. The file begins with the epoch that it belongs to, and is written from its
/// beginning again in the next, so that it keeps its size. What is behind the last record, be it half a record that a kill
/// or a power cut has left or a whole one of an earlier epoch, is told by its checksum, which goes on from that of the record
/// before: whatever is read back is a prefix of what was written.
///
/// It is opened by way of SQLite's file system, whose errors it reports, so that both fail alike.
@safe
final class OperationLog {
  /// Bytes before a record's payload: its length and its checksum.
  static let recordHeader = 12
  private static let magic: UInt64 = 0x3130_474f_4c51_4d58
  private static let fileHeader = 32

  private let name: UnsafeMutablePointer<CChar>
  private let fileSystem: UnsafeMutablePointer<sqlite3_vfs>
  private let file: UnsafeMutablePointer<sqlite3_file>
  /// Where the next record goes, and the checksum that it goes on from.
  private var end: Int64 = 0
  private var check = Checksum()

  /// A place to go back to.
  struct Mark {
    fileprivate var end: Int64
    fileprivate var check: Checksum
  }

  /// Opens the file, making it if there is none.
  /// - Parameters:
  ///   - path: the state file.
  ///   - fileSystem: the name of a registered SQLite file system; nil for the operating system's.
  init(beside path: String, fileSystem: String?) throws(SQLiteError) {
    guard let found = unsafe sqlite3_vfs_find(fileSystem) else {
      throw SQLiteError(code: SQLITE_ERROR, reason: "there is no such file system")
    }
    unsafe self.fileSystem = found
    unsafe name = strdup(Self.path(beside: path))
    let size = unsafe Int(found.pointee.szOsFile)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    unsafe file = memory.bindMemory(to: sqlite3_file.self, capacity: 1)
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_JOURNAL
    try check(unsafe found.pointee.xOpen(found, name, file, flags, nil))
  }

  deinit {
    unsafe close()
    unsafe UnsafeMutableRawPointer(file).deallocate()
    unsafe free(name)
  }

  /// The log's path.
  static func path(beside path: String) -> String { path + "-log" }

  /// How long it has grown in this epoch.
  var bytes: Int { Int(end) }

  /// Where the next record will be.
  var mark: Mark { Mark(end: end, check: check) }

  /// Forgets the records from there on: the next one is written over them.
  func goBack(to mark: Mark) { (end, check) = (mark.end, mark.check) }

  /// Begins an epoch: whatever the file holds counts for nothing. Not flushed; the next flush covers it.
  func restart(epoch: Int64) throws(SQLiteError) {
    let (header, checksum) = Self.header(epoch)
    try unsafe header.span.bytes.withUnsafeBytes { bytes throws(SQLiteError) in try unsafe write(bytes, at: 0) }
    (end, check) = (Int64(Self.fileHeader), checksum)
  }

  /// Reads the records of this epoch; the next one goes behind them. None if the file belongs to another.
  func records(of epoch: Int64) throws(SQLiteError) -> [ArraySlice<UInt8>] {
    let bytes = try read()
    let (header, checksum) = Self.header(epoch)
    guard bytes.starts(with: header) else {
      try restart(epoch: epoch)
      return []
    }
    var records: [ArraySlice<UInt8>] = []
    var (position, last) = (header.count, checksum)
    while bytes.count - position >= Self.recordHeader {
      let start = position + Self.recordHeader
      let length = Int(Self.integer(bytes, at: position, width: 4))
      guard length > 0, length <= bytes.count - start else { break }
      let payload = bytes[start..<(start + length)]
      let next = last.adding(payload)
      guard next.value == Self.integer(bytes, at: position + 4, width: 8) else { break }
      records.append(payload)
      (position, last) = (start + length, next)
    }
    (end, check) = (Int64(position), last)
    return records
  }

  /// Writes a record. If that fails nothing of it counts.
  /// - Parameter record: begins with ``recordHeader`` bytes that are still to be filled in.
  @unsafe
  func append(_ record: UnsafeMutableRawBufferPointer) throws(SQLiteError) {
    let payload = unsafe UnsafeRawBufferPointer(rebasing: record[Self.recordHeader...])
    let next = unsafe check.adding(payload)
    unsafe record.storeBytes(of: UInt32(payload.count).littleEndian, as: UInt32.self)
    unsafe record.storeBytes(of: next.value.littleEndian, toByteOffset: 4, as: UInt64.self)
    try unsafe write(UnsafeRawBufferPointer(record), at: end)
    end += Int64(record.count)
    check = next
  }

  /// Flushes everything that was written to disk.
  func flush() throws(SQLiteError) { try check(unsafe methods.pointee.xSync(file, SQLITE_SYNC_NORMAL)) }

  /// Closes and removes the file.
  func remove() {
    unsafe close()
    _ = unsafe fileSystem.pointee.xDelete(fileSystem, name, 0)
  }

  // MARK: Inside

  private var methods: UnsafePointer<sqlite3_io_methods> { unsafe file.pointee.pMethods }

  @unsafe
  private func close() {
    guard let methods = unsafe file.pointee.pMethods else { return }
    _ = unsafe methods.pointee.xClose(file)
    unsafe file.pointee.pMethods = nil
  }

  @unsafe
  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SQLiteError) {
    for start in stride(from: 0, to: bytes.count, by: Self.mostAtOnce) {
      let count = min(bytes.count - start, Self.mostAtOnce)
      try check(unsafe methods.pointee.xWrite(file, bytes.baseAddress! + start, Int32(count), offset + Int64(start)))
    }
  }

  private func read() throws(SQLiteError) -> [UInt8] {
    var size: sqlite3_int64 = 0
    try check(unsafe methods.pointee.xFileSize(file, &size))
    var bytes = [UInt8](repeating: 0, count: Int(size))
    for start in stride(from: 0, to: bytes.count, by: Self.mostAtOnce) {
      let count = min(bytes.count - start, Self.mostAtOnce)
      try check(
        unsafe bytes.withUnsafeMutableBytes {
          unsafe methods.pointee.xRead(file, $0.baseAddress! + start, Int32(count), Int64(start))
        })
    }
    return bytes
  }

  /// SQLite never moves more than a page, and its file system takes less than 128 KiB.
  private static let mostAtOnce = 64 << 10

  private func check(_ code: Int32) throws(SQLiteError) {
    guard code != SQLITE_OK else { return }
    // The system's number, where there is one, is that of the call that has just failed.
    let systemCode = code & 0xff == SQLITE_IOERR || code & 0xff == SQLITE_CANTOPEN ? errno : 0
    throw SQLiteError(code: code, reason: unsafe String(cString: sqlite3_errstr(code)), systemCode: systemCode)
  }

  /// What the file of an epoch begins with, and the checksum that its first record goes on from.
  private static func header(_ epoch: Int64) -> ([UInt8], Checksum) {
    var bytes = [UInt8](repeating: 0, count: fileHeader)
    put(magic, width: 8, into: &bytes, at: 0)
    put(UInt64(bitPattern: epoch), width: 8, into: &bytes, at: 8)
    let checksum = Checksum().adding(bytes[..<16])
    put(checksum.value, width: 8, into: &bytes, at: 16)
    return (bytes, checksum)
  }

  private static func put(_ value: UInt64, width: Int, into bytes: inout [UInt8], at position: Int) {
    for index in 0..<width { bytes[position + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  private static func integer(_ bytes: [UInt8], at position: Int, width: Int) -> UInt64 {
    (0..<width).reduce(0) { $0 | UInt64(bytes[position + $1]) << (8 * $1) }
  }
}
