internal import Glibc
internal import Platform

/// The state file as the file system sees it: only its user may read it.
enum StateFile {
  /// Makes the missing directories above `path`, with mode 0700.
  static func makeParent(of path: String) throws(JournalError) {
    guard let parent = parent(of: path), unsafe access(parent, F_OK) != 0 else { return }
    try makeParent(of: parent)
    guard unsafe mkdir(parent, 0o700) == 0 || errno == EEXIST else {
      throw .failed(path: path, reason: SystemError(call: "mkdir \(parent)", code: errno).description)
    }
    try flushDirectory(of: parent)
  }

  /// Makes the file if it is missing and takes the rights of others away from it and from its log, whose mode SQLite copies.
  static func make(_ path: String) throws(JournalError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o600)
    guard descriptor >= 0 else {
      throw .failed(path: path, reason: SystemError(call: "open", code: errno).description)
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .foreign(path: path)
    }
    if status.st_mode & 0o077 != 0, fchmod(descriptor, 0o600) != 0 {
      throw .failed(path: path, reason: SystemError(call: "fchmod", code: errno).description)
    }
    unsafe chmod(path + "-wal", 0o600)
    if status.st_size == 0 { try flushDirectory(of: path) }
  }

  /// What tells the file from a copy of it: its inode number. 0 if it cannot be told.
  static func identity(_ path: String) -> Int64 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int64(bitPattern: UInt64(status.st_ino)) : 0
  }

  /// The kernel's name for its present run, 36 characters; empty if it cannot be told.
  static func bootID() -> String {
    let descriptor = unsafe open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// Makes a new name in a directory survive a power cut.
  private static func flushDirectory(of path: String) throws(JournalError) {
    let descriptor = unsafe open(parent(of: path) ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .failed(path: path, reason: SystemError(call: "open directory", code: errno).description)
    }
    defer { close(descriptor) }
    // Some file systems have nothing to flush for a directory and say EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw .failed(path: path, reason: SystemError(call: "fsync directory", code: errno).description)
    }
  }

  /// The directory part of a path; nil if it has none.
  private static func parent(of path: String) -> String? {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { return nil }
    return String(path[..<slash])
  }
}
