import Foundation
import TestSupport
import Testing

/// What the environment asks for; `deploy/bench.sh` turns its options into these.
///
/// - `LOAD_ACCOUNTS`: how many accounts, several numbers with commas between them. Without it a short version is played
///   that only shows that everything works, for the program that was built beside the tests.
/// - `LOAD_RATE`: messages a second for each account and direction.
/// - `LOAD_SECONDS`: how long.
/// - `LOAD_SERVER`: `prosody` or `ejabberd`; `LOAD_TLS`: `direct`, `starttls` or `none`.
/// - `LOAD_STATUS`: `all`, `asked` or `failed`; `LOAD_SIZE`: bytes of a body.
/// - `LOAD_FORMAT`: `markdown` for a table that can be put into a document; `LOAD_TABLE`: a file that gets it.
/// - `LOAD_STEPS`: a file that gets a line when something begins. `swift test` keeps back what a test prints.
struct LoadPlan: Sendable {
  /// What the columns of the table are.
  let accounts: [Int]
  let servers: [XMPPServerKind]
  let tls: LoadRig.TLS
  let status: String
  let rate: Double
  let seconds: Double
  let size: Int
  /// How long the bridge is watched doing nothing.
  let idle: Duration
  /// How long before that what follows a login may take: ten seconds behind the last the bridge gives memory back.
  var behindLogin: Duration { idle * 1.5 }
  let isMarkdown: Bool
  let file: String?
  private let steps: String?

  static let current = LoadPlan(ProcessInfo.processInfo.environment)

  init(_ environment: [String: String]) {
    let wanted = environment["LOAD_ACCOUNTS"]?.split(separator: ",").compactMap { Int($0) } ?? []
    let isShort = wanted.isEmpty
    accounts = isShort ? [3] : wanted
    let server = environment["LOAD_SERVER"].map { name in
      XMPPServerKind.allCases.filter { $0.rawValue.lowercased() == name }
    }
    servers = server ?? XMPPServerKind.allCases
    tls = environment["LOAD_TLS"].flatMap(LoadRig.TLS.init) ?? .direct
    status = environment["LOAD_STATUS"] ?? "all"
    rate = environment["LOAD_RATE"].flatMap(Double.init) ?? (isShort ? 10 : 1)
    seconds = environment["LOAD_SECONDS"].flatMap(Double.init) ?? (isShort ? 1 : 20)
    size = environment["LOAD_SIZE"].flatMap { Int($0) } ?? 100
    idle = isShort ? .milliseconds(200) : .seconds(10)
    isMarkdown = environment["LOAD_FORMAT"] == "markdown"
    file = environment["LOAD_TABLE"]
    steps = environment["LOAD_STEPS"]
  }

  /// One column of the table.
  struct Case: Sendable, CustomTestStringConvertible {
    let accounts: Int
    let server: XMPPServerKind
    var testDescription: String { "\(accounts) accounts, \(server)" }
  }

  /// All of them.
  var cases: [Case] { servers.flatMap { server in accounts.map { Case(accounts: $0, server: server) } } }

  /// How many messages each account gets each way.
  var messages: Int { max(1, Int((rate * seconds).rounded())) }

  /// Tells whoever watches what goes on.
  func tell(_ step: String) {
    guard let steps, let file = fopen(steps, "a") else { return }
    fputs(step + "\n", file)
    fclose(file)
  }

  /// What is said above the table.
  var title: String {
    let pace = String(format: "%g", rate)
    return
      "\(pace) messages a second for each account and direction, \(size) bytes, for \(Int(seconds)) s; "
      + "tls = \"\(tls.rawValue)\", status = \"\(status)\""
  }
}
