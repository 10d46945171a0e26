import Glibc
import Platform

/// Asks a running bridge one thing over its control socket. Blocks.
struct ControlClient {
  /// The socket.
  let path: String
  /// For how long the bridge may keep silent.
  var patience = Duration.seconds(10)

  /// An answer has a few hundred bytes for each account.
  private static let answerLimit = 16 << 20

  /// Sends a line and returns the line that comes back; both without their ends.
  func answer(to request: String) throws(ControlFailure) -> [UInt8] {
    do throws(SystemError) {
      let socket = try LocalSocket.connect(to: path, patience: patience)
      try socket.write(Array("\(request)\n".utf8))
      guard let line = try socket.readLine(limit: Self.answerLimit) else {
        throw SystemError(call: "read", code: EPIPE)
      }
      return line
    } catch {
      switch error.code {
      // What a bridge that was killed leaves behind refuses connections.
      case ENOENT, ENOTDIR, ECONNREFUSED: throw .noBridge(path: path)
      case EAGAIN: throw .silent(patience)
      case EPIPE, ECONNRESET: throw .hungUp
      default: throw .unreachable(path: path, error)
      }
    }
  }
}

/// Why a bridge did not answer.
enum ControlFailure: Error, Equatable, CustomStringConvertible {
  /// Nobody listens.
  case noBridge(path: String)
  /// There may be one, and we cannot get at it.
  case unreachable(path: String, SystemError)
  /// There is one, and it says nothing.
  case silent(Duration)
  /// It closed the connection.
  case hungUp
  /// It answered something that is no answer.
  case unreadable
  /// It says that it does not do that.
  case refused(String)

  var description: String {
    switch self {
    case .noBridge(let path): "no bridge is running: nobody listens at \(path)"
    case .unreachable(let path, let error) where error.code == ENAMETOOLONG:
      """
      a bridge with this state file cannot be asked: the path \(path) has \(path.utf8.count) bytes, and that of a socket \
      may have \(LocalSocket.maxPathBytes)
      """
    case .unreachable(let path, let error): "the bridge cannot be asked at \(path): \(error)"
    case .silent(let patience): "the bridge has not answered for \(patience.components.seconds) s"
    case .hungUp: "the bridge closed the connection without an answer: it is leaving, or is asked by too many at a time"
    case .unreadable: "the bridge's answer cannot be read: it may be of another version"
    case .refused(let reason): "the bridge refuses: \(reason)"
    }
  }

  var status: ExitStatus {
    switch self {
    case .noBridge, .unreachable, .silent, .hungUp: .unavailable
    case .unreadable, .refused: .failed
    }
  }
}
