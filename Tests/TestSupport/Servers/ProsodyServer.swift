import Foundation

/// A Prosody on free loopback ports, with its files in a temporary directory; no server-to-server connections.
public final class ProsodyServer: XMPPServer {
  /// The process.
  public let process: ManagedProcess
  /// Port of client streams.
  public let port: Int
  /// Port of client streams over TLS; nil without one.
  public let directTLSPort: Int?
  /// Port of components; nil without one.
  public let componentPort: Int?
  private let directory: TemporaryDirectory
  private let archive: TemporaryDirectory

  private init(_ options: XMPPServerOptions) throws {
    directory = try TemporaryDirectory("prosody")
    archive = try TemporaryDirectory("prosody-archive", inMemory: true)
    port = Loopback.freePort()
    directTLSPort = options.directTLS ? Loopback.freePort() : nil
    componentPort = options.components.isEmpty ? nil : Loopback.freePort()

    let file = try directory.write(
      Self.configuration(
        options, directory: directory, port: port, directTLSPort: directTLSPort, componentPort: componentPort,
        archive: archive.path("archive.sqlite")),
      to: "prosody.cfg.lua")
    for user in options.users {
      try directory.write(
        "return { [\"password\"] = \"\(user.password)\"; };\n", to: "data/localhost/accounts/\(user.name).dat")
      try directory.write(Self.roster(of: user, options), to: "data/localhost/roster/\(user.name).dat")
    }
    process = ManagedProcess(
      .init("/usr/bin/prosody", ["--config", file, "-F"], log: directory.path("prosody.log")),
      ports: [port, directTLSPort, componentPort].compactMap { $0 })
  }

  /// Starts a server; returns when it accepts connections.
  public static func start(_ options: XMPPServerOptions = .init()) async throws -> ProsodyServer {
    let server = try ProsodyServer(options)
    try await server.process.start()
    return server
  }

  /// Writes their files.
  public func addCrowd(_ names: [String], like user: TestUser) async throws {
    // A plain password becomes a hash at the first login, which takes Prosody milliseconds: once is enough for all.
    let client = try await XMPPTestClient.connect(user, port: port, available: false)
    try await client.disconnect()
    let folder = directory.path("data/localhost/accounts")
    let account = try String(contentsOfFile: "\(folder)/\(user.name).dat", encoding: .utf8)
    for name in names { try directory.write(account, to: "data/localhost/accounts/\(name).dat") }
  }

  /// Prosody's own roster storage: a Lua table by bare JID, with the roster's version under `false`.
  private static func roster(of user: TestUser, _ options: XMPPServerOptions) -> String {
    var items: [String] = []
    for contact in options.contacts where contact.first == user.name || contact.second == user.name {
      let other = contact.first == user.name ? contact.second : contact.first
      items.append("  [\"\(other)@localhost\"] = { subscription = \"both\"; groups = {}; };")
    }
    return "return {\n  [false] = { version = 1; pending = {}; };\n\(items.joined(separator: "\n"))\n};\n"
  }

  private static func configuration(
    _ options: XMPPServerOptions, directory: TemporaryDirectory, port: Int, directTLSPort: Int?, componentPort: Int?,
    archive: String
  ) -> String {
    var modules = ["roster", "saslauth", "disco", "ping", "posix", "time", "version", "blocklist"]
    if options.certificate != nil { modules.append("tls") }
    if options.streamManagement { modules.append("smacks") }
    if options.offlineMessages { modules.append("offline") }
    if options.archive { modules.append("mam") }
    if options.carbons { modules.append("carbons") }
    if options.pubsub { modules.append("pep") }

    var lines = [
      "run_as_root = true",
      "pidfile = \"\(directory.path)/prosody.pid\"",
      "data_path = \"\(directory.path)/data\"",
      "certificates = \"\(directory.path)\"",
      "interfaces = { \"127.0.0.1\" }; component_interfaces = { \"127.0.0.1\" }",
      "c2s_ports = { \(port) }; c2s_direct_tls_ports = { \(directTLSPort.map(String.init) ?? "") }",
      "legacy_ssl_ports = { }; s2s_ports = { }; s2s_direct_tls_ports = { }; http_ports = { }; https_ports = { }",
      "component_ports = { \(componentPort.map(String.init) ?? "") }",
      "modules_enabled = { \(modules.map { "\"\($0)\"" }.joined(separator: "; ")) }",
      "modules_disabled = { \"s2s\" }",
      "authentication = \"internal_hashed\"",
      // Prosody's own storage reads the whole archive for every page of it.
      "default_storage = \"internal\"; storage = { archive = \"sql\"; muc_log = \"sql\" }",
      "sql = { driver = \"SQLite3\"; database = \"\(archive)\" }",
      "c2s_require_encryption = \(options.requiresEncryption)",
      "allow_unencrypted_plain_auth = \(!options.requiresEncryption)",
      "default_archive_policy = true; archive_expires_after = \"never\"",
      "log = { { levels = { min = \"warn\" }; to = \"console\" } }",
    ]
    if let certificate = options.certificate {
      lines.append("ssl = { key = \"\(certificate.key)\"; certificate = \"\(certificate.certificate)\" }")
    }
    if let size = options.acknowledgementQueue { lines.append("smacks_max_queue_size = \(size)") }
    if let time = options.resumptionTime { lines.append("smacks_hibernation_time = \(time)") }
    lines.append("VirtualHost \"localhost\"")
    lines += options.extra
    if options.rooms {
      lines.append("Component \"conference.localhost\" \"muc\"\n  muc_room_default_persistent = true")
      if options.archive { lines.append("  modules_enabled = { \"muc_mam\" }") }
    }
    if options.pubsub { lines.append("Component \"pubsub.localhost\" \"pubsub\"\n  autocreate_on_publish = true") }
    for (domain, secret) in options.components.sorted(by: { $0.key < $1.key }) {
      lines.append("Component \"\(domain)\"\n  component_secret = \"\(secret)\"")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
