import XMLStream

/// The established session.
extension ClientSession {
  /// Sends stanzas, in this order, behind all others; they must be durable already. Goes out with the next
  /// ``flush(now:)``.
  ///
  /// While a session waits for its resumption, stanzas take their place in it and leave when it goes on. Where there is
  /// no session at all they come back at once by ``Action/lost(unacknowledged:)``.
  public mutating func send(_ stanzas: [OutboundStanza], now: Duration) {
    if isEstablished {
      for stanza in stanzas {
        management.append(stanza)
        output.append(contentsOf: stanza.bytes)
      }
    } else if resumption != nil {
      for stanza in stanzas { management.append(stanza) }
    } else if !stanzas.isEmpty {
      perform(.lost(unacknowledged: stanzas))
    }
  }

  /// All stanzas of the server's up to this number are in our custody. The server is told at the next ``flush(now:)``,
  /// or when it asks.
  public mutating func handled(upTo inbound: UInt64) {
    management.handle(upTo: inbound)
  }

  /// The end of a tick of the event loop: at most one acknowledgement and one request for one go out.
  public mutating func flush(now: Duration) {
    switch phase {
    case .established:
      if trial?.isAnswered == true { passTrial() }
      acknowledge()
      if management.isRequestDue { ask(now: now) }
    case .parking: acknowledge()
    case .offline, .negotiating, .loggingOut: break
    }
  }

  /// Tells the server how far we are, if it does not know.
  private mutating func acknowledge() {
    if management.isAcknowledgementDue { writeAcknowledgement() }
  }

  /// Asks for a confirmation, which is also a sign of life.
  mutating func ask(now: Duration) {
    management.writeRequest(into: &output)
    keepalive.asked(at: now)
  }

  mutating func receivedLive(_ event: XMLStreamEvent) {
    switch event {
    case .element(let element):
      if StanzaKind(element) != nil {
        receivedStanza(element)
      } else {
        receivedOther(element)
      }
    case .closed: end(.peerClosed)
    case .opened:
      end(.violation(condition: "bad-format", reason: "a stream header in the middle of the stream"))
    }
  }

  private mutating func receivedStanza(_ element: XMLElement) {
    if case .ping(_, let server, _) = management.method, let iq = IQ(element), management.isOpen(ping: iq.id),
      iq.answers(iq.id, to: server, of: configuration.jid)
    {
      if let sequence = management.acknowledgePing() { perform(.acknowledged(upTo: sequence)) }
      keepalive.answered()
      return
    }
    let number = management.receive()
    if trial == nil {
      perform(.stanza(element, number: number))
    } else {
      trial?.hold(element, number: number)
    }
  }

  /// What is no stanza: Stream Management, the end of the stream, or something that does not concern us.
  private mutating func receivedOther(_ element: XMLElement) {
    if element.namespace == Namespace.streamManagement {
      switch element.name {
      case "a": receivedAcknowledgement(element)
      case "r": writeAcknowledgement()
      case "resumed": end(.streamManagement(.otherSession))
      default: break
      }
    } else if let error = StreamError(element) {
      end(SessionEnd(error))
    }
  }

  /// Tells the server how far we are, whether or not it knows. `<r/>` has to be answered so at once.
  mutating func writeAcknowledgement() {
    guard case .streamManagement = management.method else { return }
    management.writeAcknowledgement(into: &output)
  }

  /// The server hears us on the resumed stream: what it said meanwhile counts.
  private mutating func passTrial() {
    guard let held = trial?.held else { return }
    trial = nil
    silentResumptions = 0
    for stanza in held { perform(.stanza(stanza.element, number: stanza.number)) }
  }

  /// `<a/>`.
  mutating func receivedAcknowledgement(_ element: XMLElement) {
    guard case .streamManagement = management.method else { return }
    do throws(StreamManagementError) {
      let h = try StreamManagement.count(element.attribute("h"))
      let sequence = try management.acknowledge(h: h)
      if let sequence {
        passTrial()
        perform(.acknowledged(upTo: sequence))
        fruitlessResumptions = 0
      } else {
        trial?.isAnswered = true
      }
      keepalive.answered()
    } catch {
      end(.streamManagement(error))
    }
  }
}
