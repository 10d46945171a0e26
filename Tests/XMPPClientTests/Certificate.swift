import Foundation

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
    try Self.openssl([
      "req", "-x509", "-nodes", "-days", "30", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
      "-subj", "/CN=test", "-addext", "subjectAltName=" + names.map { "DNS:" + $0 }.joined(separator: ","),
      "-keyout", key, "-out", certificate,
    ])
    let text = try Self.openssl(["x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"])
    fingerprint = text.drop { $0 != "=" }.dropFirst().split(separator: ":").compactMap {
      UInt8($0.filter(\.isHexDigit), radix: 16)
    }
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  @discardableResult
  private static func openssl(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CommandFailed() }
    return String(decoding: data, as: UTF8.self)
  }
}
