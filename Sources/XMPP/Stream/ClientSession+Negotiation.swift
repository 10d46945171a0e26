extension ClientSession {
  /// Does what the negotiation asks for; each time it does, its next step gets its time.
  mutating func proceed(_ negotiation: StreamNegotiation, _ outputs: [StreamNegotiation.Output], now: Duration) {
    phase = .negotiating(negotiation)
    stepDeadline = now + configuration.stepTimeout
    for output in outputs {
      switch output {
      case .write(let bytes): self.output.append(contentsOf: bytes)
      case .startTLS: performBarrier(.startTLS)
      case .resetParser: performBarrier(.resetParser)
      case .deriveKeys(let request): perform(.deriveKeys(request))
      case .authenticated(let mechanism, let keys): authenticated(mechanism, keys)
      case .features(let features): self.features = features
      case .resumed(let h): resumed(h: h, now: now)
      case .resumptionFailed(let h): resumptionFailed(h: h)
      case .enabling: management.outboundEnabled()
      case .established(let bound): established(bound, nonce: negotiation.nonce, now: now)
      }
    }
  }

  private mutating func authenticated(_ mechanism: String, _ keys: SCRAMKeys?) {
    self.mechanism = mechanism
    cachedKeys = keys ?? cachedKeys
    guard let current = SASLMechanism(rawValue: mechanism) else { return }
    if let strongest = strongestMechanism.flatMap(SASLMechanism.init(rawValue:)), current <= strongest { return }
    strongestMechanism = mechanism
  }

  private mutating func resumed(h: UInt32, now: Duration) {
    guard let resumption else { return }
    do throws(StreamManagementError) {
      if let sequence = try management.acknowledge(h: h) {
        perform(.acknowledged(upTo: sequence))
        fruitlessResumptions = 0
        silentResumptions = 0
      }
      guard silentResumptions < Self.silenceLimit else { return end(.streamManagement(.deaf)) }
    } catch {
      return end(.streamManagement(error))
    }
    begin(jid: resumption.jid, now: now)
    isResumed = true
    perform(.established(.resumed(info(jid: resumption.jid))))
    // What is unconfirmed goes first, under its old numbers; then the server is asked about all of it, and whether it
    // hears us at all.
    trial = ResumptionTrial(deadline: now + configuration.deadAfter)
    management.writeUnacknowledged(into: &output)
    ask(now: now)
  }

  private mutating func resumptionFailed(h: UInt32?) {
    if let h, let sequence = try? management.acknowledge(h: h) { perform(.acknowledged(upTo: sequence)) }
    giveUpSession()
  }

  private mutating func established(_ bound: StreamNegotiation.Bound, nonce: String, now: Duration) {
    if let enabled = bound.enabled {
      management.inboundEnabled()
      resumption = enabled.id.map {
        Resumption(jid: bound.jid, id: $0, location: enabled.location, maximum: enabled.maximum)
      }
    } else {
      management = StreamManagement(
        method: .ping(from: nil, server: configuration.jid.domain, idPrefix: nonce + "-ping"))
    }
    fruitlessResumptions = 0
    trial = nil
    begin(jid: bound.jid, now: now)
    perform(.established(.new(info(jid: bound.jid))))
    for stanza in bound.early { perform(.stanza(stanza, number: 0)) }
  }

  private mutating func begin(jid: JID, now: Duration) {
    phase = .established
    self.jid = jid
    keepalive = Keepalive(silence: configuration.keepalive, deadAfter: configuration.deadAfter, now: now)
  }

  private func info(jid: JID) -> SessionInfo {
    SessionInfo(
      jid: jid, id: resumption?.id, location: resumption?.location, maximum: resumption?.maximum,
      acknowledgement: management.method)
  }
}
