import Glibc

/// A file system of its own and of a few megabytes in place of a directory, so that a test can fill a disk. Making one
/// needs the rights of root; it goes with the object.
public final class SmallDisk: Sendable {
  /// The directory that shows what is on it.
  public let path: String
  private let directory: TemporaryDirectory?
  private var filler: String { "\(path)/filler" }

  /// Mounts an empty disk over a directory.
  /// - Throws: `TestFailure` if the system does not let us.
  public init(at path: String, bytes: Int) throws {
    directory = nil
    self.path = path
    try Self.mountDisk(at: path, bytes: bytes)
  }

  /// Mounts an empty disk over a directory of its own.
  /// - Throws: `TestFailure` if the system does not let us.
  public init(mebibytes: Int) throws {
    let directory = try TemporaryDirectory("disk")
    path = try directory.makeDirectory("disk")
    self.directory = directory
    try Self.mountDisk(at: path, bytes: mebibytes << 20)
  }

  private static func mountDisk(at path: String, bytes: Int) throws {
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes),mode=700") == 0 else {
      throw TestFailure("mounting a disk at \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { umount2(path, Int32(MNT_DETACH)) }

  /// Whether this process may make one; a test that needs one is enabled by it.
  public static let isPossible: Bool = (try? SmallDisk(mebibytes: 1)) != nil

  /// Takes all the room that is left.
  public func fill() throws {
    let descriptor = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw TestFailure("\(filler): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    // In portions that become smaller, so that the last page is taken, too.
    for size in [65_536, 4_096, 1] {
      let block = [UInt8](repeating: 0, count: size)
      while write(descriptor, block, size) > 0 {}
    }
    guard errno == ENOSPC else { throw TestFailure("\(filler): \(String(cString: strerror(errno)))") }
  }

  /// Gives it free again.
  public func makeRoom() { unlink(filler) }
}
