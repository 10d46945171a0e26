/// Decides when a connection that acknowledges with its next write may write at all.
///
/// libmosquitto queues the PUBACK of a message before it hands the message over, and one write sends everything that is
/// queued. So acknowledgement is all or nothing: PUBACKs leave only when everything that was read is safe, and from the
/// moment they may leave until they have left nothing more is read, or an unsafe one would slip out with them.
public struct WriteGate: Sendable, Equatable {
  /// So many messages may be read and not flushed.
  public let holdMessages: Int
  /// Index of the last message read; the next one is one more. It goes on over reconnects.
  public private(set) var lastRead: UInt64 = 0
  /// Messages up to here are acknowledged, or were read on a connection that is gone.
  private var settled: UInt64 = 0
  /// Messages up to here are safe downstream.
  private var safe: UInt64 = 0
  private var isPaused = false
  /// Everything has left once since `pauseIfShut` was called, or nothing was held then.
  private var wasOpen = true

  /// A gate with nothing read.
  /// - Parameter holdMessages: at least one is assumed.
  public init(holdMessages: Int) {
    self.holdMessages = max(1, holdMessages)
  }

  /// How many messages are read and not flushed.
  public var held: Int { Int(lastRead - settled) }

  /// Whether queued packets may leave: nothing that was read is unsafe.
  public var mayWrite: Bool { safe == lastRead }

  /// Whether PUBACKs wait that may leave.
  public var shouldFlush: Bool { mayWrite && held > 0 }

  /// Whether another message may be read.
  public var mayRead: Bool { !isPaused && !shouldFlush && held < holdMessages }

  /// Messages were read from the connection.
  public mutating func read(_ count: Int) {
    lastRead += UInt64(count)
  }

  /// Everything up to this index is safe. An index of an earlier connection changes nothing: its PUBACK is gone.
  public mutating func released(upTo index: UInt64) {
    safe = max(safe, min(index, lastRead))
  }

  /// Read nothing more until everything that was read is safe and flushed.
  public mutating func pause() {
    isPaused = held > 0
  }

  /// Pauses if nothing could leave since this was called last.
  public mutating func pauseIfShut() {
    if !wasOpen { pause() }
    wasOpen = held == 0
  }

  /// Everything that was queued has left. Ignored unless it was allowed to.
  public mutating func flushed() {
    guard mayWrite else { return }
    settled = lastRead
    isPaused = false
    wasOpen = true
  }

  /// The connection is gone, and the PUBACKs that had not left with it: the broker will deliver those messages again.
  public mutating func connectionLost() {
    settled = lastRead
    safe = lastRead
    isPaused = false
    wasOpen = true
  }
}
