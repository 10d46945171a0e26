/// An ejabberd on free loopback ports, with its files in a temporary directory; no server-to-server connections.
///
/// Its Erlang machine is started without distribution: no node name, no epmd and no second port, so that any number of
/// them run side by side. Users register themselves (XEP-0077), as there is no node for ejabberdctl to talk to.
/// Its database writes to disk now and then and when it ends: restart it once before a `kill`, or the users are gone.
public final class EjabberdServer: XMPPServer {
  /// The process.
  public let process: ManagedProcess
  /// Port of client streams.
  public let port: Int
  /// Port of client streams over TLS; nil without one.
  public let directTLSPort: Int?
  /// Port of components; nil without one.
  public let componentPort: Int?
  /// A port that never demands TLS, for the test's own preparations.
  private let plainPort: Int
  private let directory: TemporaryDirectory
  private let archive: TemporaryDirectory

  #if arch(arm64)
  private static let libraries = "/usr/lib/aarch64-linux-gnu"
  #else
  private static let libraries = "/usr/lib/x86_64-linux-gnu"
  #endif

  private init(_ options: XMPPServerOptions) throws {
    directory = try TemporaryDirectory("ejabberd")
    archive = try TemporaryDirectory("ejabberd-archive", inMemory: true)
    port = Loopback.freePort()
    plainPort = options.requiresEncryption ? Loopback.freePort() : port
    directTLSPort = options.directTLS ? Loopback.freePort() : nil
    componentPort = options.components.isEmpty ? nil : Loopback.freePort()

    let configuration = try directory.write(
      Self.configuration(
        options, port: port, plainPort: plainPort, directTLSPort: directTLSPort, componentPort: componentPort,
        archive: archive.path("archive.sqlite")),
      to: "ejabberd.yml")
    let names = try directory.write("{lookup,[\"file\",\"native\"]}.\n", to: "inetrc")
    let spool = try directory.makeDirectory("spool")
    process = ManagedProcess(
      .init(
        "/usr/bin/erl",
        [
          "+K", "true", "+P", "250000", "-noinput", "-mnesia", "dir", "\"\(spool)\"", "-ejabberd", "quiet", "true",
          "-s", "ejabberd",
        ],
        environment: [
          "EJABBERD_CONFIG_PATH": configuration,
          "EJABBERD_LOG_PATH": directory.path("ejabberd.log"),
          "ERL_CRASH_DUMP": directory.path("crash.dump"),
          "ERL_INETRC": names,
          "ERL_LIBS": Self.libraries,
          "HOME": directory.path,
        ], directory: spool, log: directory.path("output.log")),
      ports: [port, directTLSPort, componentPort].compactMap { $0 })
  }

  /// Starts a server, registers its users and makes them contacts; returns when that is done.
  public static func start(_ options: XMPPServerOptions = .init()) async throws -> EjabberdServer {
    let server = try EjabberdServer(options)
    try await server.process.start()
    for user in options.users {
      try await XMPPTestClient.register(user, port: server.plainPort)
    }
    for contact in options.contacts {
      guard let first = options.users.first(where: { $0.name == contact.first }),
        let second = options.users.first(where: { $0.name == contact.second })
      else { throw TestFailure("a contact that is no user: \(contact)") }
      try await XMPPTestClient.befriend(first, second, port: server.plainPort)
    }
    return server
  }

  /// Registers them over one stream (XEP-0077), and starts the server anew.
  public func addCrowd(_ names: [String], like user: TestUser) async throws {
    try await XMPPTestClient.register(names.map { TestUser($0, password: user.password) }, port: plainPort)
    // What is registered is on its disk only then.
    try await restart()
  }

  private static func configuration(
    _ options: XMPPServerOptions, port: Int, plainPort: Int, directTLSPort: Int?, componentPort: Int?, archive: String
  ) -> String {
    let listener = "ip: \"127.0.0.1\", module: ejabberd_c2s, max_stanza_size: 4194304, shaper: none, access: c2s"
    let startTLS = options.certificate == nil ? "" : ", starttls: true"
    let required = options.requiresEncryption ? ", starttls_required: true" : ""
    var lines = [
      "hosts: [localhost]",
      "loglevel: warning",
      "auth_password_format: plain",
      "registration_timeout: infinity",
      "acl: {local: {user_regexp: \"\"}}",
      "access_rules: {c2s: {allow: all}, announce: {allow: all}}",
      "shaper_rules: {many: 1000000}",
      "listen:",
      "  - {port: \(port), \(listener)\(startTLS)\(required)}",
    ]
    if plainPort != port { lines.append("  - {port: \(plainPort), \(listener)}") }
    if let directTLSPort { lines.append("  - {port: \(directTLSPort), \(listener), tls: true}") }
    if let componentPort {
      let hosts = options.components.sorted { $0.key < $1.key }.map { "\"\($0.key)\": {password: \"\($0.value)\"}" }
      lines.append(
        "  - {port: \(componentPort), ip: \"127.0.0.1\", module: ejabberd_service, access: all, "
          + "hosts: {\(hosts.joined(separator: ", "))}}")
    }
    if let certificate = options.certificate { lines.append("certfiles: [\"\(certificate.both)\"]") }

    // In Mnesia an archive takes longer for every message that it holds already, 50 ms after the first thousand; in SQLite
    // it flushes the disk several times for each.
    if options.archive { lines += ["sql_type: sqlite", "sql_database: \"\(archive)\""] }

    lines += [
      "modules:",
      "  mod_disco: {}",
      "  mod_roster: {}",
      "  mod_ping: {}",
      "  mod_time: {}",
      "  mod_version: {}",
      "  mod_register: {ip_access: all, access: all}",
    ]
    if options.offlineMessages { lines.append("  mod_offline: {access_max_user_messages: many}") }
    if options.streamManagement {
      var settings = ["resend_on_timeout: true"]
      if let size = options.acknowledgementQueue { settings.append("max_ack_queue: \(size)") }
      if let time = options.resumptionTime { settings.append("resume_timeout: \(time)") }
      lines.append("  mod_stream_mgmt: {\(settings.joined(separator: ", "))}")
    }
    if options.archive {
      lines.append("  mod_mam: {default: always, db_type: sql}")
      // ejabberd 23.01 opens the database with the first message and puts no other into the archive until its tables are
      // made. This module, for which there is no listener, asks the database something before anybody can log in.
      lines.append("  mod_bosh: {ram_db_type: sql}")
    }
    if options.carbons { lines.append("  mod_carboncopy: {}") }
    if options.rooms {
      lines.append("  mod_muc: {host: conference.localhost, default_room_options: {mam: true, persistent: true}}")
    }
    if options.pubsub {
      lines.append("  mod_caps: {}")
      lines.append("  mod_pubsub: {host: pubsub.localhost, access_createnode: c2s, plugins: [flat, pep]}")
    }
    return (lines + options.extra).joined(separator: "\n") + "\n"
  }
}
