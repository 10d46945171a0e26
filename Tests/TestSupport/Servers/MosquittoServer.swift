import Foundation

/// A Mosquitto broker on free loopback ports, with its files in a temporary directory.
public final class MosquittoServer: TestServer {
  /// How the broker is configured. What is not named here can be given in `extra`.
  public struct Options: Sendable {
    /// Whether sessions and retained messages survive a clean restart.
    public var persistence = true
    /// `max_inflight_messages`; 0 is unlimited, nil Mosquitto's default of 20.
    public var maxInflight: Int?
    /// `max_queued_messages`; 0 is unlimited, nil Mosquitto's default of 1000.
    public var maxQueued: Int? = 0
    /// Who may log in; empty for anyone without a password.
    public var users: [TestUser] = []
    /// Certificate of a second, TLS listener; nil for none.
    public var tls: Certificates.Pair?
    /// PEM file of the CA whose client certificates the TLS listener demands; nil for none.
    public var clientAuthority: String?
    /// Whether there is also a Unix socket listener.
    public var unixSocket = false
    /// What goes to `log`: `error`, `warning`, `notice`, `information`, `debug` (every packet).
    public var logTypes = ["error", "warning"]
    /// Further lines of mosquitto.conf.
    public var extra: [String] = []

    /// The defaults: anonymous, persistent, queues without limit.
    public init() {}
  }

  /// The process.
  public let process: ManagedProcess
  /// Port of the plain listener.
  public let port: Int
  /// Port of the TLS listener; nil without one.
  public let tlsPort: Int?
  /// Path of the Unix socket; nil without one.
  public let unixSocket: String?
  private let directory: TemporaryDirectory

  /// `mqtt://127.0.0.1:PORT`.
  public var url: String { "mqtt://127.0.0.1:\(port)" }

  private init(_ options: Options, directory: TemporaryDirectory, passwords: String?) throws {
    self.directory = directory
    port = Loopback.freePort()
    tlsPort = options.tls == nil ? nil : Loopback.freePort()
    unixSocket = options.unixSocket ? directory.path("mosquitto.sock") : nil

    var lines = [
      "per_listener_settings false",
      // Started by root it would become the user `mosquitto`, who may not enter the directory.
      "user \(NSUserName())",
      passwords.map { "allow_anonymous false\npassword_file \($0)" } ?? "allow_anonymous true",
      "persistence \(options.persistence)",
      "persistence_location \(directory.path)/",
      "set_tcp_nodelay true",
      "log_dest stderr",
    ]
    lines += options.logTypes.map { "log_type \($0)" }
    if let limit = options.maxInflight { lines.append("max_inflight_messages \(limit)") }
    if let limit = options.maxQueued { lines.append("max_queued_messages \(limit)") }
    lines += options.extra
    lines.append("listener \(port) 127.0.0.1")
    if let tls = options.tls, let tlsPort {
      lines += ["listener \(tlsPort) 127.0.0.1", "certfile \(tls.certificate)", "keyfile \(tls.key)"]
      if let authority = options.clientAuthority {
        lines += ["cafile \(authority)", "require_certificate true"]
      }
    }
    if let unixSocket { lines.append("listener 0 \(unixSocket)") }
    let file = try directory.write(lines.joined(separator: "\n") + "\n", to: "mosquitto.conf")
    process = ManagedProcess(
      .init("/usr/sbin/mosquitto", ["-c", file], log: directory.path("mosquitto.log")),
      ports: [port, tlsPort].compactMap { $0 })
  }

  /// Starts a broker; returns when it accepts connections.
  public static func start(_ options: Options = Options()) async throws -> MosquittoServer {
    let directory = try TemporaryDirectory("mosquitto")
    var passwords: String?
    if !options.users.isEmpty {
      let file = try directory.write("", to: "passwords")
      for user in options.users {
        try await ChildProcess.run("mosquitto_passwd", ["-b", file, user.name, user.password])
      }
      passwords = file
    }
    let server = try MosquittoServer(options, directory: directory, passwords: passwords)
    try await server.process.start()
    return server
  }
}
