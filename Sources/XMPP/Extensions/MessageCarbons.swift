public import XMLStream

/// Message Carbons (XEP-0280): copies of what the account's other clients send and receive.
public enum MessageCarbons {
  /// The feature of a server that makes copies.
  public static var feature: String { Namespace.carbons }

  /// Whose message was copied.
  public enum Direction: String, Sendable, Hashable {
    /// Another client of the account sent it.
    case sent
    /// Another client of the account received it.
    case received
  }

  /// What a message says about carbons.
  public enum Reading: Sendable, Equatable {
    /// It is none.
    case none
    /// A copy.
    case copy(Direction, of: XMLElement)
    /// It calls itself a copy, but does not come from the account itself: anybody could put words into anybody's mouth
    /// this way (CVE-2017-5589 and its kin). To be ignored.
    case forged
  }

  /// Asks the server for copies from now on (XEP-0280 §4). It lasts as long as the session.
  public static func enable(id: String) -> [UInt8] {
    IQ.request(.set, id: id, to: nil) { writer in
      writer.open("enable", namespace: Namespace.carbons)
      writer.close()
    }
  }

  /// Reads a message.
  /// - Parameter account: our own address, bare or full.
  public static func read(_ message: XMLElement, account: JID) -> Reading {
    for direction in [Direction.received, .sent] {
      guard let copy = message.child(direction.rawValue, in: Namespace.carbons) else { continue }
      // XEP-0280 §11: a missing sender is the account too (RFC 6120 §8.1.2.1).
      if let from = message.attribute("from") {
        guard let sender = try? JID(from), sender == account.bare else { return .forged }
      }
      guard let forwarded = Forwarded(in: copy) else { return .forged }
      return .copy(direction, of: forwarded.message)
    }
    return .none
  }
}
