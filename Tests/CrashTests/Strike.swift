import TestSupport

extension Strike {
  /// Makes the fault and waits until the account's stream is up again, resumed or new.
  func streamReturns(_ fault: () async throws -> Void) async throws {
    let streams = rig.bridge.streams
    try await fault()
    try await rig.bridge.stream(streams + 1)
  }

  /// Makes the fault and waits until that many connections to the broker are up again.
  func brokerReturns(_ count: Int, _ fault: () async throws -> Void) async throws {
    let connections = rig.bridge.brokerConnections
    try await fault()
    try await rig.bridge.brokerConnection(connections + count)
  }

  /// Waits until messages pass both ways that were sent only now.
  func arrivesAnew() async throws {
    async let rising: Void = traffic.arrives(100, .toXMPP)
    async let falling: Void = traffic.arrives(100, .toMQTT)
    _ = try await (rising, falling)
  }
}

extension BridgeProcess {
  /// Waits until everything that was sent that way is acknowledged upstream: the journal has it.
  func hasTaken(_ count: Int, _ way: Traffic.Way) async throws {
    let words = way == .toXMPP ? "PUBACK up to message " : "h of our <a/> is "
    _ = try await log.first("\(count) messages taken over", timeout: .seconds(600)) { line in
      guard let start = line.firstRange(of: words)?.upperBound else { return false }
      return Int(line[start...].prefix { $0.isNumber }) ?? 0 >= count
    }
  }
}

extension BridgeRig {
  /// Both links hang meanwhile, and what they held is lost.
  func withDeadLinks(_ body: () async throws -> Void) async throws {
    let links = [xmppLink, mqttLink]
    for link in links { try await link.stall() }
    try await body()
    for link in links {
      try await link.reset()
      try await link.resume()
    }
  }
}
