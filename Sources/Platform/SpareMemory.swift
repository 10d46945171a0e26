internal import CLinux

/// Memory that the process holds and does not need.
public enum SpareMemory {
  /// Gives it back: what the heaps have free in whole pages, and what is mapped of the program and its libraries. Most of
  /// that only the start or a login needed; what goes on being needed is mapped again when it is touched, without a read, as
  /// long as the system keeps the files in memory, which it decides by itself as before.
  ///
  /// It takes milliseconds with a hundred megabytes: not for an event loop.
  public static func giveBack() { clinux_give_back_memory() }
}
