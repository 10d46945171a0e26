/// Tables and keys of the documented interface that this version reads but does not act on. Their shape is checked and
/// a warning given: a file that uses them is neither refused nor believed to do what it does not.
enum InactiveSettings {
  /// Asks a table for a key and reports a value of the wrong shape.
  private typealias Check = @Sendable (_ key: String, _ table: TableReader) -> Void

  private static let sections: [String: Check] = [
    "http": table(["listen": text]),
    "archive": table(["keep": text]),
    "home_assistant": table(["discovery_prefix": text]),
    "component": tables(
      [
        "name": text, "domain": text, "host": text, "port": number, "tls": text, "allow": texts, "may_send": texts,
        "status": text, "binary": text, "publish_presence": flag,
      ].merging(secret("secret")) { first, _ in first }),
    "route": tables([
      "name": text, "account": text, "component": text, "node": text, "match": text, "from_topic": text, "to": texts,
      "body": text, "min_interval": text, "from": texts, "topic": text, "payload": text, "payload_json": text,
      "qos": number, "retain": flag, "retained": flag, "max_age": text,
    ]),
  ]

  private static let accountKeys: [String: Check] = [
    "pubsub": tables(["jid": text, "node": text]),
    "requests": texts,
    "publish_presence": flag,
    "presence": table(["show": text, "status": text, "priority": number]),
  ]

  /// Reads the tables of the document that have no effect yet.
  static func readSections(of document: TableReader) {
    for (key, check) in sections {
      check(key, document)
      if let node = document.node(key) {
        let title = if case .array = node.value { "[[\(key)]]" } else { "[\(key)]" }
        document.faults.warning("\(title) has no effect in this version", at: node.keyPosition)
      }
    }
  }

  /// Reads the keys of an account that have no effect yet.
  static func readKeys(ofAccount account: TableReader) {
    for (key, check) in accountKeys {
      check(key, account)
      if let node = account.node(key) {
        account.faults.warning("\(account.name(of: key)) has no effect in this version", at: node.keyPosition)
      }
    }
  }

  // MARK: - Shapes

  private static let text: Check = { key, table in _ = table.read(key, .anyString) }

  private static let texts: Check = { key, table in _ = table.list(key, .anyString) }

  private static let flag: Check = { key, table in _ = table.read(key, .flag) }

  private static let number: Check = { key, table in _ = table.read(key, .count(in: .min ... .max, example: 1)) }

  private static func secret(_ key: String) -> [String: Check] {
    [key: text, "\(key)_file": text, "\(key)_env": text]
  }

  private static func table(_ checks: [String: Check]) -> Check {
    { key, table in
      guard let inner = table.table(key) else { return }
      for (key, check) in checks { check(key, inner) }
      inner.finish()
    }
  }

  private static func tables(_ checks: [String: Check]) -> Check {
    { key, table in
      for inner in table.tables(key) {
        for (key, check) in checks { check(key, inner) }
        inner.finish()
      }
    }
  }
}
