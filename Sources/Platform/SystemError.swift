import Glibc

/// A system call that failed, with the `errno` it left.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// Name of the call, as in its manual page.
  public let call: String
  /// The `errno` value.
  public let code: Int32

  /// An error of `call` with `errno` value `code`.
  public init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// For people: `eventfd: Too many open files`.
  public var description: String { "\(call): \(Self.text(code))" }

  /// The C library's words for an `errno` value.
  public static func text(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
