import ArgumentParser

/// How the process ends, in the words of `sysexits.h`.
enum ExitStatus: Int32, Sendable {
  /// Everything that was asked for is done.
  case fine = 0
  /// It ran, and failed.
  case failed = 1
  /// Wrong arguments (EX_USAGE); the argument parser exits with it by itself.
  case usage = 64
  /// A server cannot be reached, or no bridge runs (EX_UNAVAILABLE).
  case unavailable = 69
  /// The configuration has a fault (EX_CONFIG).
  case badConfiguration = 78

  /// Ends the command: returns if all is fine and throws the exit code otherwise.
  func end() throws {
    if self != .fine { throw ExitCode(rawValue) }
  }
}
