import CSQLite
import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Journal

/// The operating system's file system as SQLite sees it, with a disk that can fail and a power supply that can be cut.
///
/// Beside each file it keeps what would be on the disk if the power went now: what was flushed, and what was written since
/// and may or may not have made it.
final class FaultyFileSystem: Sendable {
  enum Change {
    case write(offset: Int, bytes: [UInt8])
    case truncate(Int)
  }

  struct Disk {
    var durable: [UInt8] = []
    var pending: [Change] = []
  }

  struct State {
    /// Whether the disks are kept account of.
    var isRecording = true
    /// Flushes that still succeed before they fail; nil: all succeed.
    var flushesLeft: Int?
    /// Writes that still succeed before the disk is full; nil: all succeed.
    var writesLeft: Int?
    /// Bytes by which files may still grow before the disk is full; nil: all they want.
    var growthLeft: Int?
    /// Flushes of the log and of other files.
    var logFlushes = 0
    var otherFlushes = 0
    var writes = 0
    var disks: [String: Disk] = [:]
    /// Called before each write and flush of a file, with the number of writes until then.
    var observer: (@Sendable (Int, [String: Disk]) -> Void)?
  }

  /// The name to open a journal with.
  let name: String
  let state = Lock(State())
  init() {
    let serial = Self.serial.wrappingAdd(1, ordering: .relaxed).newValue
    let name = "faulty-\(serial)"
    self.name = name
    let base = sqlite3_vfs_find(nil)!
    // Registered with SQLite for good: a connection that another thread closes may still use it.
    let table = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    table.initialize(to: base.pointee)
    table.pointee.pNext = nil
    table.pointee.zName = UnsafePointer(strdup(name))
    table.pointee.pAppData = Unmanaged.passRetained(self).toOpaque()
    table.pointee.xOpen = { table, name, file, flags, outFlags in
      FaultyFileSystem.open(table!, name, file!, flags, outFlags)
    }
    table.pointee.xDelete = { table, name, flush in
      let base = sqlite3_vfs_find(nil)!
      let system = Unmanaged<FaultyFileSystem>.fromOpaque(table!.pointee.pAppData!).takeUnretainedValue()
      let path = String(cString: name!)
      system.state.withLock { _ = $0.disks.removeValue(forKey: path) }
      return base.pointee.xDelete(base, name, flush)
    }
    sqlite3_vfs_register(table, 0)
  }

  /// A file system whose flushes cost nothing, for looking at files that have to survive nothing more.
  static let withoutFlushes: FaultyFileSystem = {
    let system = FaultyFileSystem()
    system.state.withLock { $0.isRecording = false }
    return system
  }()

  /// What could be on the disk if the power had been cut: of what was not flushed, each part made it or did not.
  static func cut(_ disk: Disk, random: inout SeededGenerator) -> [UInt8] {
    var bytes = disk.durable
    let percent = [0, 50, 90, 100].randomElement(using: &random) ?? 0
    for change in disk.pending {
      switch change {
      case .truncate(let size):
        if random.chance(percent) { resize(&bytes, to: size) }
      case .write(let offset, let written):
        for start in stride(from: 0, to: written.count, by: 512) where random.chance(percent) {
          let sector = written[start..<min(start + 512, written.count)]
          if bytes.count < offset + sector.endIndex { resize(&bytes, to: offset + sector.endIndex) }
          bytes.replaceSubrange((offset + start)..<(offset + sector.endIndex), with: sector)
        }
      }
    }
    return bytes
  }

  private static func apply(_ change: Change, to bytes: inout [UInt8]) {
    switch change {
    case .truncate(let size): resize(&bytes, to: size)
    case .write(let offset, let written):
      if bytes.count < offset + written.count { resize(&bytes, to: offset + written.count) }
      bytes.replaceSubrange(offset..<(offset + written.count), with: written)
    }
  }

  private static func resize(_ bytes: inout [UInt8], to size: Int) {
    if bytes.count > size {
      bytes.removeLast(bytes.count - size)
    } else {
      bytes += [UInt8](repeating: 0, count: size - bytes.count)
    }
  }

  // MARK: Called by SQLite

  private struct OpenFile {
    let system: FaultyFileSystem
    let path: String
    /// Addresses of the operating system's methods and of the changed copy of them.
    let original: UInt
    let changed: UInt
  }

  private static let serial = Atomic(0)
  private static let files = Lock<[UInt: OpenFile]>([:])

  private static func open(
    _ table: UnsafeMutablePointer<sqlite3_vfs>, _ name: UnsafePointer<CChar>?,
    _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32, _ outFlags: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    let base = sqlite3_vfs_find(nil)!
    let code = base.pointee.xOpen(base, name, file, flags, outFlags)
    guard code == SQLITE_OK, let name = name, let methods = file.pointee.pMethods else { return code }
    let system = Unmanaged<FaultyFileSystem>.fromOpaque(table.pointee.pAppData!).takeUnretainedValue()
    let changed = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    changed.initialize(to: methods.pointee)
    changed.pointee.xWrite = { file, bytes, count, offset in
      let open = FaultyFileSystem.opened(file!)
      let written = Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
      var size: sqlite3_int64 = 0
      _ = FaultyFileSystem.methods(open).xFileSize(file, &size)
      let growth = max(0, Int(offset) + written.count - Int(size))
      guard open.system.grows(by: growth), open.system.changes(open.path, .write(offset: Int(offset), bytes: written))
      else { return SQLITE_FULL }
      return FaultyFileSystem.methods(open).xWrite(file, bytes, count, offset)
    }
    changed.pointee.xTruncate = { file, size in
      let open = FaultyFileSystem.opened(file!)
      guard open.system.changes(open.path, .truncate(Int(size))) else { return SQLITE_FULL }
      return FaultyFileSystem.methods(open).xTruncate(file, size)
    }
    changed.pointee.xSync = { file, flags in
      let open = FaultyFileSystem.opened(file!)
      // The disk behind the operating system's files is this one: nothing has to reach the real one.
      return open.system.flushes(open.path) ? SQLITE_OK : SQLITE_IOERR | 4 << 8
    }
    changed.pointee.xClose = { file in
      let open = FaultyFileSystem.files.withLock { $0.removeValue(forKey: UInt(bitPattern: file!))! }
      let code = FaultyFileSystem.methods(open).xClose(file)
      UnsafeMutablePointer<sqlite3_io_methods>(bitPattern: open.changed)!.deallocate()
      return code
    }
    let record = OpenFile(
      system: system, path: String(cString: name), original: UInt(bitPattern: methods),
      changed: UInt(bitPattern: changed))
    files.withLock { $0[UInt(bitPattern: file)] = record }
    file.pointee.pMethods = UnsafePointer(changed)
    return code
  }

  private static func opened(_ file: UnsafeMutablePointer<sqlite3_file>) -> OpenFile {
    files.withLock { $0[UInt(bitPattern: file)]! }
  }

  private static func methods(_ file: OpenFile) -> sqlite3_io_methods {
    UnsafePointer<sqlite3_io_methods>(bitPattern: file.original)!.pointee
  }

  private func grows(by bytes: Int) -> Bool {
    state.withLock { state in
      guard let left = state.growthLeft, bytes > 0 else { return true }
      guard bytes <= left else { return false }
      state.growthLeft = left - bytes
      return true
    }
  }

  private func changes(_ path: String, _ change: Change) -> Bool {
    state.withLock { state in
      state.observer?(state.writes, state.disks)
      state.writes += 1
      if let left = state.writesLeft {
        guard left > 0 else { return false }
        state.writesLeft = left - 1
      }
      if state.isRecording { state.disks[path, default: Disk()].pending.append(change) }
      return true
    }
  }

  private func flushes(_ path: String) -> Bool {
    state.withLock { state in
      state.observer?(state.writes, state.disks)
      if path.hasSuffix("-log") { state.logFlushes += 1 } else { state.otherFlushes += 1 }
      var disk = state.disks[path] ?? Disk()
      defer { state.disks[path] = disk }
      defer { disk.pending = [] }
      if let left = state.flushesLeft {
        // As Linux has it: what could not be written is dropped, and will not be tried again.
        guard left > 0 else { return false }
        state.flushesLeft = left - 1
      }
      for change in disk.pending { Self.apply(change, to: &disk.durable) }
      return true
    }
  }
}
