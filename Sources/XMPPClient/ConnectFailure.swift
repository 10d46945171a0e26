import NIOCore
import NIOPosix
import Platform

/// Why no TCP connection came about, in words for people.
enum ConnectFailure {
  /// The reason in a few words, without the address.
  static func text(of error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      let attempts = error.connectionErrors.map { text(of: $0.error) }
      let lookups = [error.dnsAError, error.dnsAAAAError].compactMap { $0 }
      if let first = attempts.first { return first }
      return lookups.isEmpty ? "no address" : "the name does not resolve"
    case let error as IOError: return SystemError.text(error.errnoCode)
    case ChannelError.connectTimeout: return "no answer"
    case let error as SocketAddressError: return "no address (\(error))"
    default: return "\(error)"
    }
  }
}
