internal import Glibc
internal import Platform

/// The state file as the file system sees it: only its user may read it.
enum StateFile {
  /// Makes the missing directories above `path`, with mode 0700.
  static func makeParent(of path: String) throws(JournalError) {
    guard let parent = parent(of: path), unsafe access(parent, F_OK) != 0 else { return }
    try makeParent(of: parent)
    guard unsafe mkdir(parent, 0o700) == 0 || errno == EEXIST else {
      throw JournalError("mkdir \(parent)", path: path, code: errno)
    }
    try flushDirectory(of: parent)
  }

  /// Makes the file if it is missing and takes the rights of others away from it and from its logs, which are made with its mode.
  static func make(_ path: String) throws(JournalError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o600)
    guard descriptor >= 0 else {
      throw JournalError("open", path: path, code: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .failed(path: path, reason: "it is no ordinary file")
    }
    if status.st_mode & 0o077 != 0, fchmod(descriptor, 0o600) != 0 {
      throw JournalError("fchmod", path: path, code: errno)
    }
    unsafe chmod(path + "-wal", 0o600)
    unsafe chmod(OperationLog.path(beside: path), 0o600)
    if status.st_size == 0 { try flushDirectory(of: path) }
  }

  /// Gives the file, its logs and whatever else belongs to it another name, so that a new one can be begun. Where the path
  /// is a symbolic link, what it points to is renamed.
  /// - Parameter wallClock: milliseconds since 1970, for the name: `PATH.damaged-20261122T080000Z`.
  /// - Returns: the new name.
  static func setAside(_ path: String, wallClock: Int64) throws(JournalError) -> String {
    let file = resolved(path)
    let stem = "\(file).damaged-\(stamp(wallClock))"
    var name = stem
    var number = 1
    while unsafe access(name, F_OK) == 0 {
      number += 1
      name = "\(stem)-\(number)"
    }
    // The logs first: a file without its logs is at worst known for damaged once more, a log without its file could be
    // taken for that of the new one.
    for suffix in ["-journal", "-wal", "-shm", "-log", ""] {
      guard unsafe rename(file + suffix, name + suffix) != 0, errno != ENOENT else { continue }
      throw JournalError("rename \(file + suffix)", path: path, code: errno)
    }
    try flushDirectory(of: file)
    return name
  }

  /// The path without symbolic links.
  private static func resolved(_ path: String) -> String {
    guard let real = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  /// `20261122T080000Z`.
  private static func stamp(_ wallClock: Int64) -> String {
    var seconds = time_t(wallClock / 1_000)
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = unsafe strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
    return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// What tells a file from a copy of it.
  struct Identity: Equatable {
    /// Its inode number. Systems give those of removed files away again, and at once.
    var inode: Int64
    /// When it was made; 0 if the file system does not say.
    var born: Int64
  }

  /// What tells the file from a copy of it; zeros if it cannot be told.
  static func identity(_ path: String) -> Identity {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return Identity(inode: 0, born: 0) }
    return Identity(inode: Int64(bitPattern: UInt64(status.st_ino)), born: FileBirth.time(of: path))
  }

  /// How many bytes a file holds; 0 if there is none.
  static func size(_ path: String) -> Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
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
      throw JournalError("open directory", path: path, code: errno)
    }
    defer { close(descriptor) }
    // Some file systems have nothing to flush for a directory and say EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw JournalError("fsync directory", path: path, code: errno)
    }
  }

  /// The directory part of a path; nil if it has none.
  private static func parent(of path: String) -> String? {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { return nil }
    return String(path[..<slash])
  }
}
