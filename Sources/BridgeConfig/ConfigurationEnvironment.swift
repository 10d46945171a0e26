import Glibc
public import Platform

/// What a configuration takes from outside its own text: environment variables, and the files it names.
public struct ConfigurationEnvironment: Sendable {
  /// A file's content and who may read it.
  public struct File: Sendable, Equatable {
    /// The whole content.
    public var bytes: [UInt8]
    /// The permission bits, as in `chmod`.
    public var permissions: UInt32

    /// A file with this content and these permission bits.
    public init(bytes: [UInt8], permissions: UInt32) {
      self.bytes = bytes
      self.permissions = permissions
    }
  }

  /// The value of an environment variable; nil if it is not set.
  public var variable: @Sendable (_ name: String) -> String?
  /// A whole file; throws the `errno` of the call that failed.
  public var file: @Sendable (_ path: String) throws(SystemError) -> File

  /// An environment that answers as these functions do.
  public init(
    variable: @escaping @Sendable (_ name: String) -> String?,
    file: @escaping @Sendable (_ path: String) throws(SystemError) -> File
  ) {
    self.variable = variable
    self.file = file
  }

  /// The environment of this process.
  public static let process = ConfigurationEnvironment(
    variable: { name in getenv(name).map { String(cString: $0) } },
    file: { path throws(SystemError) in try read(path) })

  /// No file that a configuration names is larger; what is may be a device that never ends.
  private static let sizeLimit = 16 << 20

  private static func read(_ path: String) throws(SystemError) -> File {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(call: "open", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError(call: "fstat", code: errno) }

    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count == 0 { return File(bytes: bytes, permissions: status.st_mode & 0o7777) }
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError(call: "read", code: errno)
      }
      bytes.append(contentsOf: buffer.prefix(count))
      guard bytes.count <= sizeLimit else { throw SystemError(call: "read", code: EFBIG) }
    }
  }
}
