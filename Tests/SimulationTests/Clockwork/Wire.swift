import DequeModule

/// A TCP connection between the bridge and a peer: what one end sends comes to the other in order and after a while, until
/// somebody closes it or it is cut, or stalls so that neither end hears anything ever again.
final class Wire<Item> {
  /// One end, and what is on its way to it.
  final class End {
    /// Takes what comes.
    var received: ((Item) -> Void)?
    /// The other end closed, or the connection was cut.
    var closed: (() -> Void)?
    fileprivate var pending: Deque<Item> = []
    fileprivate var lastArrival = Duration.zero
    fileprivate(set) var isOpen = true

    fileprivate func shut() -> (() -> Void)? {
      guard isOpen else { return nil }
      isOpen = false
      defer { (received, closed) = (nil, nil) }
      return closed
    }
  }

  let bridge = End()
  let peer = End()
  private unowned let world: World
  private let pace: Pace
  /// Shortens what is on its way when the connection is cut.
  private let split: ((Item) -> Item?)?
  private var isSevered = false

  init(world: World, pace: Pace, split: ((Item) -> Item?)? = nil) {
    self.world = world
    self.pace = pace
    self.split = split
    world.atTheEnd { [weak self] in
      guard let self else { return }
      _ = (bridge.shut(), peer.shut())
    }
  }

  /// Whether what is sent now can arrive.
  var carries: Bool { !isSevered && bridge.isOpen && peer.isOpen }

  func send(_ item: Item, to end: End) {
    guard carries else { return }
    end.pending.append(item)
    end.lastArrival = max(end.lastArrival, world.now + world.draw(pace))
    world.at(end.lastArrival) { [self] in
      if let item = end.pending.popFirst() { deliver(item, to: end) }
    }
  }

  private func deliver(_ item: Item, to end: End) { if end.isOpen { end.received?(item) } }

  /// This end closes: it hears nothing more, and the other end hears of it behind all that was sent.
  func close(by end: End) {
    guard end.isOpen else { return }
    _ = end.shut()
    guard !isSevered else { return }
    let other = end === bridge ? peer : bridge
    other.lastArrival = max(other.lastArrival, world.now + world.draw(pace))
    world.at(other.lastArrival) { [self] in if !isSevered { tellClosed(other) } }
  }

  /// The connection is reset. Some of what was on its way still arrives, the last of it perhaps in part.
  func cut() {
    guard !isSevered else { return }
    isSevered = true
    for end in [bridge, peer] {
      let count = world.below(end.pending.count + 1)
      var last = Array(end.pending.prefix(count))
      if count < end.pending.count, let part = split?(end.pending[count]) { last.append(part) }
      end.pending = []
      world.at(world.now) { [self] in for item in last { deliver(item, to: end) } }
      world.at(world.now + world.draw(pace)) { [self] in tellClosed(end) }
    }
  }

  /// Nothing arrives any more, and nobody is told.
  func stall() {
    isSevered = true
    bridge.pending = []
    peer.pending = []
  }

  private func tellClosed(_ end: End) { end.shut()?() }
}
