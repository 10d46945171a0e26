import XMLStream

/// How connections and sessions end.
extension ClientSession {
  /// For how long the server may take to close its side of the stream.
  static let logoutPatience = Duration.seconds(5)
  /// For how long the last acknowledgement is waited for before the connection is dropped.
  static let parkPatience = Duration.seconds(3)
  /// How many connections in a row the server may leave without any answer on a resumed session.
  static let silenceLimit = 1
  /// How many connections in a row the server may end on a resumed session without acknowledging anything. Then
  /// something in the session itself is what it cannot take, and sending it again would go on for ever.
  static let resumptionLimit = 3

  private static var closeStream: String.UTF8View { "</stream:stream>".utf8 }

  /// Ends the session: a last acknowledgement, then the stream is closed and the server's close awaited for 5 s. What
  /// it has not acknowledged by then comes back by ``Action/lost(unacknowledged:)``; unavailable presence is the
  /// owner's to send before.
  public mutating func logout(now: Duration) {
    switch phase {
    case .offline: giveUpSession()
    case .negotiating(let negotiation):
      if negotiation.isStreamOpen { output.append(contentsOf: Self.closeStream) }
      end(.loggedOut)
    case .established, .parking:
      writeAcknowledgement()
      output.append(contentsOf: Self.closeStream)
      phase = .loggingOut(until: now + Self.logoutPatience)
    case .loggingOut: break
    }
  }

  /// Leaves the session so that it can be resumed: a last acknowledgement, a last request, up to 3 s for its answer,
  /// then the connection is dropped without closing the stream. A session that cannot be resumed is logged out.
  public mutating func park(now: Duration) {
    switch phase {
    case .established where resumption == nil: logout(now: now)
    case .established:
      // The answer to the request then also says that the server has read this.
      writeAcknowledgement()
      ask(now: now)
      phase = .parking(until: now + Self.parkPatience)
    case .negotiating: end(.parked)
    case .offline, .parking, .loggingOut: break
    }
  }

  /// Stanzas that come now are not taken: the server will send them again.
  mutating func receivedWhileParking(_ event: XMLStreamEvent) {
    switch event {
    case .element(let element):
      if element.is("a", in: Namespace.streamManagement) {
        receivedAcknowledgement(element)
        if case .parking = phase, !management.isAnswerOpen { end(.parked) }
      } else if element.is("r", in: Namespace.streamManagement) {
        writeAcknowledgement()
      } else if let error = StreamError(element) {
        end(SessionEnd(error))
      }
    case .closed: end(.peerClosed)
    case .opened: break
    }
  }

  /// Our side is closed, so nothing is answered, and stanzas are not taken: the server knows how far we were.
  mutating func receivedWhileLoggingOut(_ event: XMLStreamEvent) {
    switch event {
    case .element(let element):
      if element.is("a", in: Namespace.streamManagement) {
        if let h = try? StreamManagement.count(element.attribute("h")),
          let sequence = try? management.acknowledge(h: h)
        {
          perform(.acknowledged(upTo: sequence))
        }
      } else if StreamError(element) != nil {
        end(.loggedOut)
      }
    case .closed: end(.loggedOut)
    case .opened: break
    }
  }

  /// Ends the connection.
  /// - Parameter isConnected: whether the socket still is there to be written to and closed.
  mutating func end(_ reason: SessionEnd, isConnected: Bool = true) {
    guard !isOffline else { return }
    let isOver = endsSession(reason)
    if isConnected {
      sayGoodbye(reason)
      performBarrier(.close)
    } else {
      output = []
    }
    phase = .offline
    management.suspended()
    if isOver { giveUpSession() }
    isResumed = false
    trial = nil
    perform(.ended(reason))
  }

  private var isOffline: Bool {
    if case .offline = phase { true } else { false }
  }

  private mutating func sayGoodbye(_ reason: SessionEnd) {
    switch phase {
    case .offline, .loggingOut: return
    case .negotiating(let negotiation) where !negotiation.isStreamOpen: return
    case .parking, .negotiating, .established: break
    }
    guard reason.closesStream else { return }
    if let error = reason.streamError { output.append(contentsOf: error.bytes) }
    output.append(contentsOf: Self.closeStream)
  }

  private mutating func endsSession(_ reason: SessionEnd) -> Bool {
    guard resumption != nil else { return true }
    switch phase {
    case .negotiating:
      // What goes wrong before the session is resumed says nothing about it, unless it is the resumption itself.
      switch reason {
      case .streamManagement, .loggedOut: return true
      default: return false
      }
    case .offline, .established, .parking, .loggingOut: break
    }
    switch reason {
    case .streamError, .peerClosed:
      guard isResumed, management.unacknowledgedCount > 0 else { return false }
      fruitlessResumptions += 1
      return fruitlessResumptions >= Self.resumptionLimit
    default: return reason.endsSession
    }
  }

  /// Forgets the session, if there is one; what the server did not confirm goes back to the owner.
  mutating func giveUpSession() {
    if jid != nil { perform(.lost(unacknowledged: management.unacknowledged)) }
    management = StreamManagement()
    resumption = nil
    jid = nil
    fruitlessResumptions = 0
    silentResumptions = 0
  }
}
