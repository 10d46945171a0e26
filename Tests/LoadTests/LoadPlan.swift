import Foundation
import TestSupport
import Testing

/// What the environment asks for; `deploy/bench.sh` turns its options into these. Where it says *list*, several values may
/// stand with commas between them, and each of them, with each of the others, is a column of the table.
///
/// - `LOAD_ACCOUNTS`: list of how many accounts. Without it, and without `LOAD_WAITING`, a short version is played that
///   only shows that everything works, for the program that was built beside the tests.
/// - `LOAD_SIZE`: list of how many bytes a body has; `LOAD_TLS`: list of `direct`, `starttls`, `none`; `LOAD_SERVER`: list
///   of `prosody`, `ejabberd`.
/// - `LOAD_RATE`: messages a second for each account and direction; `LOAD_TOTAL_RATE`: instead, of all accounts together;
///   `LOAD_SECONDS`: how long. `LOAD_MESSAGES`: instead, so many of each account and direction at full speed.
/// - `LOAD_WAITING`: list of how many messages shall wait in the journal: another course, with a table of its own;
///   `LOAD_TO`: list of the sides that they are for, `xmpp` and `mqtt`.
/// - `LOAD_REPEAT`: how often every column is measured, all of them in turns.
/// - `LOAD_STATUS`: `all`, `asked` or `failed`.
/// - `LOAD_FORMAT`: `markdown` for a table that can be put into a document; `LOAD_TABLE`: a file that gets it; `LOAD_TSV`: a
///   file that gets the figures for a program to read.
/// - `LOAD_STEPS`: a file that gets a line when something begins. `swift test` keeps back what a test prints.
struct LoadPlan: Sendable {
  /// How the messages of a load come.
  enum Pace: Sendable, Equatable {
    /// So many a second for each account and direction, for so many seconds.
    case each(Double, seconds: Double)
    /// So many a second and direction of all accounts together.
    case total(Double, seconds: Double)
    /// So many for each account and direction as fast as they go.
    case full(Int)
  }

  let pace: Pace
  let status: String
  /// How long the bridge is watched doing nothing.
  let idle: Duration
  /// How long before that what follows a login may take: ten seconds behind the last the bridge gives memory back.
  var behindLogin: Duration { idle * 1.5 }
  /// How many messages tell how fast an account is.
  let probe: Int
  let isMarkdown: Bool
  let table: String?
  let tsv: String?
  private let isShort: Bool
  private let rounds: Int
  private let accounts: [Int]
  private let sizes: [Int]
  private let tls: [LoadRig.TLS]
  private let servers: [XMPPServerKind]
  private let waiting: [Int]
  private let ways: [Traffic.Way]
  private let steps: String?

  static let current = LoadPlan(ProcessInfo.processInfo.environment)

  init(_ environment: [String: String]) {
    func list<Value>(_ name: String, _ value: (String) -> Value?) -> [Value]? {
      environment["LOAD_\(name)"]?.split(separator: ",").compactMap { value(String($0)) }
    }
    func number(_ name: String) -> Double? { environment["LOAD_\(name)"].flatMap(Double.init) }

    isShort = environment["LOAD_ACCOUNTS"] == nil && environment["LOAD_WAITING"] == nil
    accounts = list("ACCOUNTS") { Int($0) } ?? (isShort ? [3] : [])
    waiting = list("WAITING") { Int($0) } ?? (isShort ? [300] : [])
    sizes = list("SIZE") { Int($0) } ?? (isShort ? [10, 1_000] : [100])
    tls = list("TLS", LoadRig.TLS.init) ?? [.direct]
    servers =
      list("SERVER") { name in XMPPServerKind.allCases.first { $0.rawValue.lowercased() == name } }
      ?? XMPPServerKind.allCases
    ways = list("TO") { $0 == "xmpp" ? .toXMPP : .toMQTT } ?? Traffic.Way.allCases
    let seconds = number("SECONDS") ?? (isShort ? 1 : 20)
    if let messages = number("MESSAGES") {
      pace = .full(Int(messages))
    } else if let rate = number("TOTAL_RATE") {
      pace = .total(rate, seconds: seconds)
    } else {
      pace = .each(number("RATE") ?? (isShort ? 10 : 1), seconds: seconds)
    }
    rounds = number("REPEAT").map { Int($0) } ?? 1
    status = environment["LOAD_STATUS"] ?? "all"
    idle = isShort ? .milliseconds(200) : .seconds(10)
    probe = isShort ? 100 : 20_000
    isMarkdown = environment["LOAD_FORMAT"] == "markdown"
    table = environment["LOAD_TABLE"]
    tsv = environment["LOAD_TSV"]
    steps = environment["LOAD_STEPS"]
  }

  // MARK: Columns

  /// One column of the table of accounts, once.
  struct Case: Sendable, CustomTestStringConvertible {
    let accounts: Int
    let size: Int
    let tls: LoadRig.TLS
    let server: XMPPServerKind
    let round: Int

    var testDescription: String {
      "\(accounts) accounts, \(size) bytes, tls \(tls.rawValue), \(server), round \(round)"
    }

    var facts: [LoadFact] {
      [
        .init("accounts", "accounts", "\(accounts)"), .init("bytes of a body", "size", "\(size)"),
        .init("tls", "tls", tls.rawValue), .init("XMPP server", "server", "\(server)"),
      ]
    }
  }

  /// All of them, in the order in which they are measured.
  var cases: [Case] {
    inTurns(servers) { server, round in
      accounts.flatMap { accounts in
        sizes.flatMap { size in
          tls.map { Case(accounts: accounts, size: size, tls: $0, server: server, round: round) }
        }
      }
    }
  }

  /// One column of the table of waiting messages, once.
  struct WaitingCase: Sendable, CustomTestStringConvertible {
    let waiting: Int
    let way: Traffic.Way
    let size: Int
    let tls: LoadRig.TLS
    let server: XMPPServerKind
    let round: Int

    var testDescription: String { "\(waiting) messages waiting, \(way.rawValue), \(server), round \(round)" }

    var facts: [LoadFact] {
      [
        .init("messages waiting", "waiting", "\(waiting)"), .init("direction", "to", way == .toXMPP ? "xmpp" : "mqtt"),
        .init("bytes of a body", "size", "\(size)"), .init("tls", "tls", tls.rawValue),
        .init("XMPP server", "server", "\(server)"),
      ]
    }
  }

  /// All of them, in the order in which they are measured. The short version has one server: it is the journal that they
  /// are about.
  var waitingCases: [WaitingCase] {
    inTurns(isShort ? [.prosody] : servers) { server, round in
      ways.flatMap { way in
        waiting.map {
          WaitingCase(waiting: $0, way: way, size: sizes[0], tls: tls[0], server: server, round: round)
        }
      }
    }
  }

  /// Every column once before one comes again, for a machine has better and worse quarters of an hour.
  private func inTurns<Column>(_ servers: [XMPPServerKind], _ columns: (XMPPServerKind, Int) -> [Column]) -> [Column] {
    (1...max(rounds, 1)).flatMap { round in servers.flatMap { columns($0, round) } }
  }

  // MARK: Load

  /// How many messages all accounts together get each way.
  func messages(_ accounts: Int) -> Int {
    switch pace {
    case .each(let rate, let seconds): accounts * max(1, Int((rate * seconds).rounded()))
    case .total(let rate, let seconds): accounts * max(1, Int((rate * seconds / Double(accounts)).rounded()))
    case .full(let messages): accounts * messages
    }
  }

  /// How many of them are sent every second; nil for as fast as they go.
  func rate(_ accounts: Int) -> Double? {
    switch pace {
    case .each(let rate, _): rate * Double(accounts)
    case .total(let rate, _): rate
    case .full: nil
    }
  }

  /// Tells whoever watches what goes on.
  func tell(_ step: String) {
    guard let steps, let file = fopen(steps, "a") else { return }
    fputs(step + "\n", file)
    fclose(file)
  }

  /// What is said above the table.
  var title: String {
    func text(_ rate: Double) -> String { String(format: "%g", rate) }
    let load =
      switch pace {
      case .each(let rate, let seconds):
        "\(text(rate)) messages a second for each account and direction, for \(text(seconds)) s"
      case .total(let rate, let seconds):
        "\(text(rate)) messages a second in each direction of all accounts together, for \(text(seconds)) s"
      case .full(let messages): "\(messages) messages for each account and direction, at full speed"
      }
    return "\(load); status = \"\(status)\"\(median)"
  }

  /// What is said above the table of waiting messages.
  var waitingTitle: String {
    "messages of one account that wait in the journal; other throughputs with \(probe) messages at full speed; "
      + "status = \"\(status)\"\(median)"
  }

  private var median: String { rounds > 1 ? "; medians of \(rounds) rounds" : "" }
}
