import TestSupport

extension Fault {
  /// Every row, in the order of the table.
  static func all(_ length: Length) -> [Fault] {
    [
      xmppReset, xmppCut, xmppHalfOpen, xmppStalled, xmppRestart, brokerReset, brokerCut, brokerRestart, brokerStalled,
      slowLinks, bothLinks, kill, killAtLogin,
    ] + crashes(length) + [
      restart(onExit: "park"), restart(onExit: "logout"), stopUnanswered, stopTwice, journalFull,
      crowd(length),
    ] + (SmallDisk.isPossible ? [diskFull(length)] : [])
  }
}
