import Foundation

/// Certificates of one test, made by the openssl command: a CA and what it signs.
public final class Certificates: Sendable {
  /// A certificate, its key and both in one file, as ejabberd wants them.
  public struct Pair: Sendable, Equatable {
    /// PEM file of the certificate.
    public let certificate: String
    /// PEM file of its private key.
    public let key: String
    /// PEM file of key and certificate.
    public let both: String
  }

  /// PEM file of the CA certificate.
  public let authority: String
  private let authorityKey: String
  private let directory: TemporaryDirectory

  /// Makes a CA.
  /// - Parameter name: its common name.
  public init(authorityName name: String = "Test CA") async throws {
    directory = try TemporaryDirectory("certificates")
    authority = directory.path("ca.pem")
    authorityKey = directory.path("ca.key")
    try await Self.selfSign(
      name, certificate: authority, key: authorityKey, days: 30, extension: "basicConstraints=critical,CA:TRUE")
  }

  /// A certificate signed by the CA.
  /// - Parameters:
  ///   - file: name of the files, unique in this object.
  ///   - names: its subject alternative names as openssl writes them, such as `DNS:localhost` or `IP:127.0.0.1`.
  ///   - expired: whether its time is over already.
  public func issue(
    _ file: String, names: [String] = ["DNS:localhost", "IP:127.0.0.1"], expired: Bool = false
  ) async throws -> Pair {
    let pair = pair(file)
    let request = directory.path("\(file).csr")
    let extensions = try directory.write("subjectAltName=\(names.joined(separator: ","))\n", to: "\(file).ext")
    try await ChildProcess.run(
      "openssl", ["req", "-new"] + Self.newKey(pair.key) + ["-subj", "/CN=\(file)", "-out", request])
    try await ChildProcess.run(
      "openssl",
      [
        "x509", "-req", "-in", request, "-CA", authority, "-CAkey", authorityKey, "-CAcreateserial",
        "-days", expired ? "-1" : "30", "-extfile", extensions, "-out", pair.certificate,
      ])
    try join(pair)
    return pair
  }

  /// A certificate that vouches for itself: trusted by nobody unless pinned.
  public func selfSigned(_ file: String, names: [String] = ["DNS:localhost", "IP:127.0.0.1"]) async throws -> Pair {
    let pair = pair(file)
    try await Self.selfSign(
      file, certificate: pair.certificate, key: pair.key, days: 30,
      extension: "subjectAltName=\(names.joined(separator: ","))")
    try join(pair)
    return pair
  }

  /// SHA-256 of the certificate's DER form as 64 lower-case hex digits, as `pin_sha256` wants it.
  public static func fingerprint(_ certificate: String) async throws -> String {
    let line = try await ChildProcess.run(
      "openssl", ["x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"])
    return line.split(separator: "=").last.map { $0.replacing(":", with: "").lowercased() } ?? ""
  }

  private func pair(_ file: String) -> Pair {
    Pair(
      certificate: directory.path("\(file).pem"), key: directory.path("\(file).key"),
      both: directory.path("\(file)-both.pem"))
  }

  private func join(_ pair: Pair) throws {
    let files = try [pair.key, pair.certificate].map { try String(contentsOfFile: $0, encoding: .utf8) }
    try files.joined().write(toFile: pair.both, atomically: true, encoding: .utf8)
  }

  private static func newKey(_ file: String) -> [String] {
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file]
  }

  private static func selfSign(
    _ name: String, certificate: String, key: String, days: Int, extension field: String
  ) async throws {
    try await ChildProcess.run(
      "openssl",
      ["req", "-x509"] + newKey(key) + [
        "-subj", "/CN=\(name)", "-days", "\(days)", "-addext", field, "-out", certificate,
      ])
  }
}
