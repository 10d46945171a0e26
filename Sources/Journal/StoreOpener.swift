internal import Platform

/// Opens the state file for a process that has the right to it, and puts what cannot be used out of the way.
struct StoreOpener {
  let path: String
  let options: Store.Options
  let lock: OwnerLock
  let statistics: JournalStatistics
  /// What had to go.
  private(set) var setAside: Recovered.SetAside?

  init(path: String, options: Store.Options, lock: OwnerLock, statistics: JournalStatistics) {
    self.path = path
    self.options = options
    self.lock = lock
    self.statistics = statistics
  }

  /// Opens the file. One that is damaged or foreign is given another name, and a new one is begun in its place; one of a
  /// later version is refused, since it is whole and that version's.
  /// - Parameters:
  ///   - damage: what was found wrong with the file before, if something was.
  ///   - isInDoubt: see `Store.isInDoubt`.
  mutating func open(damage: String?, isInDoubt: Bool) throws(JournalError) -> Store {
    if let damage { try putAway(damage) }
    do {
      return try store(isInDoubt: isInDoubt && damage == nil)
    } catch {
      switch error {
      case .damaged(_, let reason): try putAway(reason)
      case .foreign: try putAway("it is not a state file of this program")
      case .owned, .busy, .newer, .full, .failed, .closed: throw error
      }
      return try store(isInDoubt: false)
    }
  }

  private func store(isInDoubt: Bool) throws(JournalError) -> Store {
    try Store(path: path, options: options, lock: lock, isInDoubt: isInDoubt, statistics: statistics)
  }

  private mutating func putAway(_ reason: String) throws(JournalError) {
    let name = try StateFile.setAside(path, wallClock: Clocks.wall())
    setAside = Recovered.SetAside(path: name, reason: reason)
  }
}
