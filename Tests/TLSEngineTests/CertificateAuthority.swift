import Foundation
import Glibc

/// A certificate and its key in PEM files, as a server's configuration names them.
struct CertificateFiles {
  var certificate: String
  var key: String
}

/// Makes certificates with the `openssl` command in a directory of its own, which goes when this does.
final class CertificateAuthority {
  struct CommandFailed: Error {
    var arguments: [String]
    var output: String
  }

  let directory: URL
  private var count = 0
  /// The authority's own certificate.
  private(set) var root: CertificateFiles

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "tls-engine-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    root = CertificateFiles(
      certificate: directory.appending(path: "root.pem").path, key: directory.appending(path: "root.key").path)
    try openssl(
      [
        "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=Test Root", "-keyout", root.key, "-out",
        root.certificate,
      ]
        + Self.newKey("P-256") + ["-addext", "basicConstraints=critical,CA:TRUE"])
  }

  deinit {
    try? FileManager.default.removeItem(at: directory)
  }

  /// A certificate for `names` (subjectAltName entries such as "DNS:example.org") signed by the root, or by itself.
  /// `days` below zero: it has expired.
  func leaf(
    _ names: String, days: Int = 30, digest: String = "sha256", selfSigned: Bool = false, key: String = "P-256",
    commonName: String = "server", clientPurpose: Bool = false
  ) throws -> CertificateFiles {
    count += 1
    let stem = directory.appending(path: "leaf\(count)").path
    let files = CertificateFiles(certificate: stem + ".pem", key: stem + ".key")
    var request =
      ["req", "-new", "-nodes", "-subj", "/CN=\(commonName)", "-keyout", files.key, "-out", stem + ".csr"]
      + Self.newKey(key) + ["-addext", "basicConstraints=critical,CA:FALSE"]
    if !names.isEmpty { request += ["-addext", "subjectAltName=\(names)"] }
    if clientPurpose { request += ["-addext", "extendedKeyUsage=clientAuth"] }
    try openssl(request)
    var sign = ["x509", "-req", "-in", stem + ".csr", "-days", "\(days)", "-copy_extensions", "copy"]
    if key != "ED25519" { sign.append("-" + digest) }
    sign += selfSigned ? ["-key", files.key] : ["-CA", root.certificate, "-CAkey", root.key]
    try openssl(sign + ["-out", files.certificate])
    return files
  }

  /// The digest of a certificate's DER as the command computes it.
  func fingerprint(of files: CertificateFiles, _ digest: String = "sha256") throws -> [UInt8] {
    let output = try openssl(["x509", "-in", files.certificate, "-noout", "-fingerprint", "-" + digest])
    let text = output.split(separator: "=").last ?? ""
    return text.split(separator: ":").compactMap {
      UInt8($0.trimmingCharacters(in: .whitespacesAndNewlines), radix: 16)
    }
  }

  /// Runs the `openssl` command and returns what it wrote.
  @discardableResult
  func openssl(_ arguments: [String]) throws -> String {
    let log = directory.appending(path: "log").path
    let status = run(["openssl"] + arguments, log: log)
    let output = try String(contentsOfFile: log, encoding: .utf8)
    guard status == 0 else { throw CommandFailed(arguments: arguments, output: output) }
    return output
  }

  /// Foundation's `Process` leaks a little with every run, which the address sanitizer takes for a fault of ours.
  private func run(_ arguments: [String], log: String) -> CInt {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    var process: pid_t = 0
    guard unsafe posix_spawnp(&process, arguments[0], &actions, nil, &pointers, environ) == 0 else { return -1 }
    var status: CInt = -1
    while unsafe waitpid(process, &status, 0) == -1 && errno == EINTR {}
    return status
  }

  private static func newKey(_ kind: String) -> [String] {
    switch kind {
    case "ED25519": ["-newkey", "ed25519"]
    case "RSA": ["-newkey", "rsa:2048"]
    default: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(kind)"]
    }
  }
}
