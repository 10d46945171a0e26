import Glibc

/// A file system of its own and of a few megabytes in place of a directory, so that a test can fill a disk. Making one
/// needs the rights of root; it goes with the object.
public final class SmallDisk: Sendable {
  /// The directory that shows what is on it.
  public let path: String
  private var filler: String { "\(path)/filler" }

  /// Mounts an empty disk over a directory.
  /// - Throws: `TestFailure` if the system does not let us.
  public init(at path: String, bytes: Int) throws {
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes),mode=700") == 0 else {
      throw TestFailure("mounting a disk at \(path): \(String(cString: strerror(errno)))")
    }
    self.path = path
  }

  deinit { umount2(path, Int32(MNT_DETACH)) }

  /// Whether this process may make one; a test that needs one is enabled by it.
  public static let isPossible: Bool = {
    guard let directory = try? TemporaryDirectory("disk") else { return false }
    return (try? SmallDisk(at: directory.path, bytes: 65_536)) != nil
  }()

  /// Takes all the room that is left.
  public func fill() throws {
    let descriptor = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw TestFailure("\(filler): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 0, count: 4_096)
    while write(descriptor, block, block.count) > 0 {}
    guard errno == ENOSPC else { throw TestFailure("\(filler): \(String(cString: strerror(errno)))") }
  }

  /// Gives it free again.
  public func makeRoom() { unlink(filler) }
}
