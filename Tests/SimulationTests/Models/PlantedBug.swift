/// What can be made wrong with the bridge on purpose, to see whether the simulation notices. Each is a fault of the shell: the
/// machines are the product's.
enum PlantedBug: String, CaseIterable {
  /// The machine is told that a commit is done when it is only handed in.
  case confirmsBeforeCommit
  /// A sync is no sync.
  case skipsSync
  /// `h` is one too high.
  case countsOneTooMany
  /// A resumption says an `h` that is one too low.
  case resumesOneTooLow
  /// A connection is opened before what came on the last one is on disk.
  case resumesBeforeSync
  /// The first stanza that a resumption has to repeat is left out.
  case dropsResend
  /// The count in `<failed/>` is not heeded.
  case forgetsFailedCount
  /// PUBACKs leave as soon as messages are read.
  case acknowledgesAtOnce
  /// What makes a redelivery recognisable is not written down.
  case forgetsRedeliveryKeys
  /// What makes a message that comes from the archive as well recognisable is not written down.
  case forgetsSeen
  /// What contacts wrote is not taken from the archive.
  case overlooksArchive
  /// Whether the archive has what may have been sent is not heeded.
  case sendsWithoutLooking
  /// A state that was rolled back is trusted.
  case trustsOldState
  /// A spool is trimmed by one row too many.
  case trimsOneTooMany
  /// What was in flight on a connection that is lost is not published again.
  case forgetsInFlight
  /// A batch of stanzas goes out last first.
  case reversesBatches
}
