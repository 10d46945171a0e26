extension DeliverySection {
  /// Reads `[delivery]`; a table that is not there has all the defaults.
  /// - Parameter keepalive: the keepalive towards the broker, which bounds `hold`; zero: none.
  init(_ table: TableReader?, keepalive: Duration, _ faults: FaultCollector) {
    self.init()
    let limit = keepalive / 4
    if keepalive > .zero { hold = min(hold, limit) }
    guard let table else { return }

    let day = Duration.seconds(86_400)
    if let setting = table.read("hold", .duration(in: .milliseconds(1)...day, zero: true, example: #""2s""#)) {
      hold = setting.value
      if keepalive > .zero, hold > limit {
        faults.error(
          """
          delivery.hold is \(DurationSyntax.text(hold)), more than a quarter of mqtt.keepalive \
          (\(DurationSyntax.text(keepalive))); it can be up to \(DurationSyntax.text(limit))
          """, at: setting.position)
      }
    }
    if let setting = table.read("hold_messages", .count(in: 1...65_535, example: holdMessages)) {
      holdMessages = setting.value
    }
    if let setting = table.read(
      "journal_max_messages", .count(in: 1...1_000_000_000, example: journalMaxMessages))
    {
      journalMaxMessages = setting.value
    }
    if let setting = table.read("journal_max_bytes", .size(example: #""256MiB""#)) {
      journalMaxBytes = setting.value
    }
    if let setting = table.read("expire_after", .duration(in: .seconds(1)...(day * 36_500), example: #""7d""#)) {
      expireAfter = setting.value
    }
    table.finish()
  }
}
