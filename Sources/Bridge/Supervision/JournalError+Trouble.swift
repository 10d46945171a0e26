import Journal

extension JournalError {
  /// The event's word.
  var event: String {
    switch self {
    case .full: "disk-full"
    case .busy: "state-locked"
    case .damaged, .foreign: "state-damaged"
    case .owned, .newer, .failed, .closed: "state-unwritable"
    }
  }

  /// In a few words, without the file's path: for `E/state`, which anybody may read who may read topics.
  var summary: String {
    switch self {
    case .full: "the disk is full"
    case .busy: "the state file is locked by another program"
    case .damaged, .foreign: "the state file is damaged"
    case .owned, .newer, .failed, .closed: "the state file cannot be written"
    }
  }

  /// What is wrong with the file itself, if that is the trouble.
  var damage: String? {
    if case .damaged(_, let reason) = self { reason } else { nil }
  }

  /// Whether a start may wait for it to pass. Running accounts wait for whatever it is.
  var mayPass: Bool {
    switch self {
    case .full, .busy, .damaged: true
    case .foreign, .owned, .newer, .failed, .closed: false
    }
  }
}
