import Glibc

/// A value that one thread at a time may touch.
///
/// It is what `Synchronization.Mutex` is, over the mutex of the C library. That one's futex calls are invisible to the
/// thread sanitizer, which therefore reports a race wherever two threads meet at a `Mutex`, and real races drown in
/// these reports; it knows every call of this one. Like a `Mutex` it is not recursive.
@safe
public struct Lock<Value>: ~Copyable, @unchecked Sendable {
  // Both have an address of their own for life: a mutex must not be moved.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let value: UnsafeMutablePointer<Value>

  /// A lock that nobody holds.
  public init(_ value: consuming sending Value) {
    unsafe mutex = .allocate(capacity: 1)
    unsafe self.value = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe self.value.initialize(to: value)
    unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
  }

  /// Waits until nobody else holds the lock, and lets `body` use the value.
  /// - Parameter body: keeps nothing of the value that others could share; must not lock the same lock.
  /// - Returns: what `body` returns; throws what it throws.
  public borrowing func withLock<Result, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return unsafe try body(&value.pointee)
  }
  /// Lets `body` use the value unless somebody else holds the lock.
  /// - Parameter body: as for ``withLock(_:)``.
  /// - Returns: what `body` returns; nil if the lock is held, by this thread or another.
  public borrowing func withLockIfFree<Result, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result? {
    guard unsafe pthread_mutex_trylock(mutex) == 0 else { return nil }
    defer { unsafe pthread_mutex_unlock(mutex) }
    return unsafe try body(&value.pointee)
  }
}
