import Glibc

/// How much room a file system has, in bytes.
public struct DiskRoom: Sendable, Equatable {
  /// What this user may still take. Quotas are not counted.
  public var free: Int
  /// Its size.
  public var total: Int

  /// The room where a file or directory lies; nil if it cannot be told.
  public init?(at path: String) {
    var status = statvfs()
    guard unsafe statvfs(path, &status) == 0 else { return nil }
    free = Int(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    total = Int(clamping: UInt64(status.f_blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }
}
