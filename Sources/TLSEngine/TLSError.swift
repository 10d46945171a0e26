import COpenSSL

/// Why TLS could not be set up, or broke off. Every case reads as a sentence that an operator can act on.
public enum TLSError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The server's certificate does not verify. `reason` is OpenSSL's own with its verify code, such as
  /// "certificate has expired (verify 10)"; `leafSHA256` is the SHA-256 of the certificate that was presented.
  case certificate(reason: String, leafSHA256: [UInt8])
  /// Pins are configured and the server's certificate, whose SHA-256 this is, matches none of them.
  case pinMismatch(leafSHA256: [UInt8])
  /// The peer broke the protocol, refused us with an alert, or does not speak TLS at all.
  case protocolFailure(String)
  /// A file, key, pin or name given by the configuration cannot be used.
  case configuration(String)

  /// The sentence for logs and for `E/state`.
  public var description: String {
    switch self {
    case .certificate(let reason, let digest):
      "\(reason); the server's certificate has SHA-256 \(Self.hexadecimal(digest))"
    case .pinMismatch(let digest):
      "pin mismatch: the server's certificate has SHA-256 \(Self.hexadecimal(digest))"
    case .protocolFailure(let text):
      "TLS failed: \(text)"
    case .configuration(let text):
      text
    }
  }

  /// Lower-case hexadecimal, the form in which pins are written.
  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// OpenSSL's error queue. It belongs to the thread, not to a session, so it is emptied before each call that can fail:
/// what is left of another session's failure would otherwise be blamed on this one.
enum ErrorQueue {
  static func clear() {
    ERR_clear_error()
  }

  /// Empties the queue and returns its first entry, the one nearest to the cause, as text.
  static func drain() -> String {
    var data: UnsafePointer<CChar>?
    var flags: CInt = 0
    let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
    defer { ERR_clear_error() }
    guard code != 0 else { return "unexpected end" }
    var text = "error \(code)"
    if let reason = unsafe ERR_reason_error_string(code) { text = unsafe String(cString: reason) }
    if flags & ERR_TXT_STRING != 0, let data = unsafe data {
      let detail = unsafe String(cString: data)
      if !detail.isEmpty { text += " (\(detail))" }
    }
    return text
  }
}
