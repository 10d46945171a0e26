/// A password or a token. It cannot be printed by accident: every description and dump of it is `•••`.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The secret itself, for whoever has to present it.
  public let bytes: [UInt8]

  /// Wraps a secret.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// `•••`, whatever the secret is and however long.
  public var description: String { "•••" }

  /// `•••`, whatever the secret is and however long.
  public var debugDescription: String { description }

  /// A mirror that shows nothing, so that `dump` has nothing to print either.
  public var customMirror: Mirror { Mirror(self, children: [] as [Mirror.Child]) }
}
