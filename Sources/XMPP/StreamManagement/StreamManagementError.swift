import XMLStream

/// Something in Stream Management that cannot be true, mostly an acknowledgement. Nothing of it counts, and the stream
/// has to end (XEP-0198 §4, §6).
public enum StreamManagementError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `h` is missing, or is no unsigned 32-bit number in decimal digits.
  case malformed(h: String?)
  /// The peer confirms more than was sent.
  case tooHigh(h: UInt32, sent: UInt32)
  /// The peer takes back what it confirmed.
  case wentBack(h: UInt32, acknowledged: UInt32, sent: UInt32)
  /// The peer resumes a session, but not the one that it was asked for, or without having been asked at all.
  case otherSession
  /// The peer resumes the session again and again, and answers nothing on it.
  case deaf

  /// For people, without a full stop.
  public var description: String {
    switch self {
    case .malformed(nil): "the server's acknowledgement has no count"
    case .malformed(.some): "the server's acknowledgement has a count that is no unsigned 32-bit number"
    case .tooHigh(let h, let sent): "the server acknowledged \(h) stanzas, but \(sent) were sent"
    case .wentBack(let h, let acknowledged, _):
      "the server acknowledged \(h) stanzas after it had acknowledged \(acknowledged)"
    case .otherSession: "the server resumed a session that it was not asked for"
    case .deaf: "the server resumes the session, but does not hear what is sent on it"
    }
  }

  /// The stream error that tells the peer.
  var streamError: StreamError {
    switch self {
    case .malformed: StreamError("bad-format", text: description)
    case .otherSession, .deaf: StreamError("undefined-condition", text: description)
    case .tooHigh(let h, let sent), .wentBack(let h, _, let sent):
      StreamError("undefined-condition", text: description, handledCount: .init(h: h, sent: sent))
    }
  }
}
