import Foundation

/// A directory of one test, removed with the object that made it.
public final class TemporaryDirectory: Sendable {
  /// Where it is, absolute and without a trailing slash.
  public let path: String

  /// Makes an empty directory that only this user may enter.
  /// - Parameters:
  ///   - label: part of its name, so that a person who looks at it knows the test.
  ///   - inMemory: whether it lies on no disk, for what is flushed to it often and is not what a test is about.
  public init(_ label: String = "test", inMemory: Bool = false) throws {
    let name = "xmb-\(label)-\(UUID().uuidString.prefix(8).lowercased())"
    path = ((inMemory ? "/dev/shm" : NSTemporaryDirectory()) as NSString).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit {
    // Set XMB_KEEP_FILES to look at the logs of a failed run.
    if ProcessInfo.processInfo.environment["XMB_KEEP_FILES"] == nil {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  /// The absolute path of `name` inside, whether it exists or not.
  public func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, making the directories above it; returns its absolute path.
  @discardableResult
  public func write(_ text: String, to name: String, permissions: Int = 0o600) throws -> String {
    let file = path(name)
    let folder = (file as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: file)
    return file
  }

  /// Makes a directory inside; returns its absolute path.
  @discardableResult
  public func makeDirectory(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    return path(name)
  }

  /// Removes what `name` holds; nothing happens if there is no such thing.
  public func remove(_ name: String) throws {
    guard FileManager.default.fileExists(atPath: path(name)) else { return }
    try FileManager.default.removeItem(atPath: path(name))
  }
}
