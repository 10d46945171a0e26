/// What a journal holds, as far as a model needs it.
protocol ModelContent: Hashable {
  /// What one commit holds.
  associatedtype Change: Hashable
  mutating func apply(_ change: Change)
}

/// A journal: what is flushed survives the power; of the changes behind it some are written and survive the process; the rest
/// waits to be written.
struct ModelLog<Content: ModelContent>: Hashable {
  private(set) var flushed: Content
  private(set) var written: Content
  /// Everything that was handed in.
  private(set) var whole: Content
  private var unflushed: [Content.Change] = []
  private var unwritten: [Content.Change] = []

  init(_ content: Content) { (flushed, written, whole) = (content, content, content) }

  var isWritten: Bool { unwritten.isEmpty }
  var isFlushed: Bool { unwritten.isEmpty && unflushed.isEmpty }

  /// A commit is handed in.
  mutating func append(_ change: Content.Change) {
    unwritten.append(change)
    whole.apply(change)
  }

  /// One more commit is written.
  mutating func write() {
    let change = unwritten.removeFirst()
    unflushed.append(change)
    written.apply(change)
  }

  /// Everything is written and flushed.
  mutating func sync() { self = ModelLog(whole) }

  /// What the next process finds when this one is killed.
  var afterKill: ModelLog {
    var log = self
    (log.whole, log.unwritten) = (written, [])
    return log
  }

  /// What the next process may find when the power has gone: of what was not flushed only what stands first.
  var afterPowerCut: [ModelLog] {
    (0...unflushed.count).map { count in
      var content = flushed
      for change in unflushed.prefix(count) { content.apply(change) }
      return ModelLog(content)
    }
  }
}
