import Mapping
import XMPP

/// The answer to `status` for eyes: a table of the bridge, and one of its accounts. What an answer does not have is a dash,
/// so that a bridge of another version can be asked too.
struct StatusTable: CustomStringConvertible {
  let description: String

  /// - Parameter now: in milliseconds since 1970, for how long things have been as they are.
  init(_ status: JSONValue, now: Int64) {
    let broker = status["broker"]
    let journal = status["journal"]
    let bridge = TextTable(
      ["BRIDGE", "UP", "BROKER", "STATE", "FOR", "MQTT", "WAITING", "JOURNAL", "DISK", "SYNCS", "NOTE"],
      [
        [
          Self.text(status["version"]), Self.age(seconds: status["uptime_s"]?.integer), Self.text(broker?["url"]),
          Self.text(broker?["state"]), Self.age(since: broker?["since"], now: now), Self.text(broker?["protocol"]),
          Self.number(broker?["waiting"]), Self.number(journal?["messages"]), Self.size(journal?["file_bytes"]),
          Self.number(journal?["syncs"]),
          [broker?["reason"]?.string, journal?["reason"]?.string].compactMap(\.self).joined(separator: "; "),
        ]
      ])
    var accounts: [JSONValue] = []
    if case .array(let elements)? = status["accounts"] { accounts = elements }
    description = bridge.description + "\n" + Self.table(accounts, now: now).description
  }

  private static func table(_ accounts: [JSONValue], now: Int64) -> TextTable {
    TextTable(
      [
        "ACCOUNT", "JID", "STATE", "FOR", "TO XMPP", "WAITING", "UNACKED", "TO MQTT", "WAITING", "UNACKED", "SESSIONS",
        "RESUMES", "NOTE",
      ],
      accounts.map { account in
        [text(account["name"]), text(account["jid"]), text(account["state"]), age(since: account["since"], now: now)]
          + ["to_xmpp", "to_mqtt"].flatMap { way in
            ["crossed", "waiting", "unacknowledged"].map { number(account[way]?[$0]) }
          } + [number(account["sessions"]), number(account["resumes"]), note(account)]
      })
  }

  private static func note(_ account: JSONValue) -> String {
    var notes = [account["reason"]?.string].compactMap(\.self)
    if let catchUp = account["catch_up"] {
      let total = catchUp["total"].map { " of about \(number($0))" } ?? ""
      notes.append("catching up: \(number(catchUp["read"]))\(total)")
    }
    return notes.joined(separator: "; ")
  }

  // MARK: Cells

  private static func text(_ value: JSONValue?) -> String { value?.string ?? "-" }

  /// `12,345`
  private static func number(_ value: JSONValue?) -> String {
    guard let number = value?.integer else { return "-" }
    let digits = Array(String(number.magnitude))
    let groups = digits.enumerated().reduce(into: "") { text, digit in
      if digit.offset > 0, (digits.count - digit.offset).isMultiple(of: 3) { text.append(",") }
      text.append(digit.element)
    }
    return (number < 0 ? "-" : "") + groups
  }

  /// `3.4 KiB`
  private static func size(_ value: JSONValue?) -> String {
    guard let bytes = value?.integer, bytes >= 0 else { return "-" }
    guard bytes >= 1_024 else { return "\(bytes) B" }
    var tenths = bytes / 1_024 * 10 + bytes % 1_024 * 10 / 1_024
    var unit = "KiB"
    for larger in ["MiB", "GiB"] where tenths >= 10_240 { (tenths, unit) = (tenths / 1_024, larger) }
    return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(tenths / 10) \(unit)"
  }

  private static func age(since value: JSONValue?, now: Int64) -> String {
    age(seconds: value?.string.flatMap(Timestamp.milliseconds).map { max(now - $0, 0) / 1_000 })
  }

  /// `45s`, `3m 5s`, `2h 3m`, `4d 2h`
  private static func age(seconds: Int64?) -> String {
    guard let seconds else { return "-" }
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400)
    if days > 0 { return "\(days)d \(hours % 24)h" }
    if hours > 0 { return "\(hours)h \(minutes % 60)m" }
    return minutes > 0 ? "\(minutes)m \(seconds % 60)s" : "\(seconds)s"
  }
}
