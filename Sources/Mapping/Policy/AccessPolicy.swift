public import XMPP

/// Who may talk to whom through an account.
public struct AccessPolicy: Sendable, Hashable {
  /// Who may talk to MQTT.
  public var allow: AccessList
  /// To whom MQTT may talk.
  public var maySend: AccessList

  /// By default those in the roster, and the rooms, both ways.
  public init(allow: AccessList = .standard, maySend: AccessList = .standard) {
    self.allow = allow
    self.maySend = maySend
  }

  /// Whether a message from this address is published.
  ///
  /// - Parameters:
  ///   - sender: bare or full.
  ///   - isContact: whether a bare address is in the roster.
  ///   - isRoom: whether a bare address is a room of the account.
  public func mayTalk(
    from sender: JID, isContact: (JID) -> Bool, isRoom: (JID) -> Bool = { _ in false }
  ) -> Bool {
    allow.permits(sender, isContact: isContact, isRoom: isRoom)
  }

  /// Whether a message to this address is sent.
  ///
  /// - Parameters:
  ///   - recipient: bare or full.
  ///   - isContact: whether a bare address is in the roster.
  ///   - isRoom: whether a bare address is a room of the account.
  public func maySend(
    to recipient: JID, isContact: (JID) -> Bool, isRoom: (JID) -> Bool = { _ in false }
  ) -> Bool {
    maySend.permits(recipient, isContact: isContact, isRoom: isRoom)
  }

  /// Whether a subscription request is approved and returned without asking: from an address that `allow` names, itself
  /// or by its domain. Being in the roster is not enough, for that is what is being asked.
  public func approvesSubscription(from requester: JID) -> Bool {
    allow.names(requester)
  }
}
