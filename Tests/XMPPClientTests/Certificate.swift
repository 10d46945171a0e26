import Foundation
import Glibc

/// A self-signed certificate for some names, made by the `openssl` command in files that go when this does.
final class Certificate: Sendable {
  struct CommandFailed: Error {}

  let certificate: String
  let key: String
  /// SHA-256 of the certificate's DER.
  let fingerprint: [UInt8]
  private let directory: URL

  init(_ names: String...) throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "xmpp-client-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    certificate = directory.appending(path: "certificate.pem").path
    key = directory.appending(path: "key.pem").path
    try Self.openssl(
      [
        "req", "-x509", "-nodes", "-days", "30", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-subj", "/CN=test", "-addext", "subjectAltName=" + names.map { "DNS:" + $0 }.joined(separator: ","),
        "-keyout", key, "-out", certificate,
      ], in: directory)
    let text = try Self.openssl(["x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], in: directory)
    fingerprint = text.drop { $0 != "=" }.dropFirst().split(separator: ":").compactMap {
      UInt8($0.filter(\.isHexDigit), radix: 16)
    }
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// Runs the command and returns what it wrote. Foundation's `Process`, and its reading of files, leak a little
  /// each time, which the address sanitizer would take for a fault of ours.
  @discardableResult
  private static func openssl(_ arguments: [String], in directory: URL) throws -> String {
    let log = directory.appending(path: "log").path
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var pointers = unsafe (["openssl"] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    var process: pid_t = 0
    guard unsafe posix_spawnp(&process, "openssl", &actions, nil, &pointers, environ) == 0 else {
      throw CommandFailed()
    }
    var status: CInt = -1
    while unsafe waitpid(process, &status, 0) == -1 && errno == EINTR {}
    guard status == 0 else { throw CommandFailed() }
    let file = unsafe open(log, O_RDONLY)
    defer { close(file) }
    let output = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, unsafe read(file, buffer.baseAddress, buffer.count))
    }
    return String(decoding: output, as: UTF8.self)
  }
}
