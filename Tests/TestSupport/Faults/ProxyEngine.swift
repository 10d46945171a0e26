import Glibc
import NIOCore
import NIOPosix

/// The inside of `TCPProxy`. Everything here happens on `loop`, which is what makes it safe to share.
final class ProxyEngine: @unchecked Sendable {
  let loop: any EventLoop
  let events = Record<TCPProxy.Event>("events of the proxy")
  var delay = TimeAmount.zero
  var rate: Int?
  /// So many bytes may still go one way.
  struct Limit: Sendable {
    enum Effect: Sendable {
      /// Both ends are reset at once, but for what that way still carries.
      case cut
      /// The receiver gets an orderly end, and no new connection before it has closed its own.
      case end
      case stall
    }
    var bytes: Int
    let effect: Effect
  }

  var limits: [TCPProxy.Direction: Limit] = [:]
  var passed: [TCPProxy.Direction: Int] = [:]
  var ends: [TCPProxy.Direction: [UInt8]] = [:]
  private let target: Int
  private var mode = TCPProxy.Mode.pass
  private var pairs: [Int: ProxyPair] = [:]
  private var serial = 0
  /// Connections whose receiver has not read their end yet, and those that wait for that.
  private var ending: Set<Int> = []
  private var postponed: [ProxyPair] = []

  init(target: Int, loop: any EventLoop) {
    self.target = target
    self.loop = loop
  }

  var isPassing: Bool { mode == .pass }

  /// A client has connected: connects to the target and joins the two.
  func accepted(_ client: any Channel) throws {
    serial += 1
    let id = serial
    events.append(.connected(id))
    let pair = ProxyPair(id: id, engine: self)
    pairs[id] = pair
    try client.pipeline.syncOperations.addHandler(ProxyHandler(pair, .toServer))
    pair.client = client
    if mode == .refuse {
      pair.reset()
    } else if ending.isEmpty {
      connect(pair)
    } else {
      postponed.append(pair)
    }
  }

  private func connect(_ pair: ProxyPair) {
    ClientBootstrap(group: loop)
      .channelOption(.autoRead, value: false)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { server in
        server.eventLoop.makeCompletedFuture {
          try server.pipeline.syncOperations.addHandler(ProxyHandler(pair, .toClient))
        }
      }
      .connect(host: "127.0.0.1", port: target)
      .whenComplete { result in
        switch result {
        case .success(let server): pair.join(server)
        case .failure: pair.reset()
        }
      }
  }

  func set(_ mode: TCPProxy.Mode) {
    self.mode = mode
    switch mode {
    case .pass: for pair in pairs.values { pair.resume() }
    case .stall: break
    case .refuse: resetAll()
    }
  }

  @discardableResult
  func resetAll() -> Int {
    let open = Array(pairs.values)
    for pair in open { pair.reset() }
    return open.count
  }

  /// A connection is ending; new ones wait until it has ended.
  func ends(_ pair: ProxyPair) { ending.insert(pair.id) }

  func ended(_ pair: ProxyPair) {
    guard ending.remove(pair.id) != nil, ending.isEmpty else { return }
    let waiting = postponed
    postponed = []
    for pair in waiting { connect(pair) }
  }

  func gone(_ pair: ProxyPair) {
    guard pairs.removeValue(forKey: pair.id) != nil else { return }
    events.append(.disconnected(pair.id))
  }

  /// How many of these bytes may still go that way, and what happens behind them.
  func allowance(_ bytes: ByteBuffer, _ direction: TCPProxy.Direction) -> (bytes: Int, effect: Limit.Effect?) {
    let allowed = limited(bytes, direction)
    passed[direction, default: 0] += allowed.bytes
    return allowed
  }

  private func limited(_ bytes: ByteBuffer, _ direction: TCPProxy.Direction) -> (bytes: Int, effect: Limit.Effect?) {
    let count = bytes.readableBytes
    if let end = ends[direction], let found = bytes.readableBytesView.firstRange(of: end) {
      ends[direction] = nil
      return (found.upperBound - bytes.readerIndex, .end)
    }
    guard let limit = limits[direction] else { return (count, nil) }
    if count < limit.bytes {
      limits[direction]?.bytes -= count
      return (count, nil)
    }
    limits[direction] = nil
    if limit.effect == .stall { set(.stall) }
    return (limit.bytes, limit.effect)
  }
}

/// One client and its connection to the target. Lives on the engine's loop.
final class ProxyPair: @unchecked Sendable {
  let id: Int
  var client: (any Channel)?
  private var server: (any Channel)?
  private let engine: ProxyEngine
  private var isOver = false
  /// One side has been told the end and is given time to read it.
  private var receiver: (any Channel)?
  /// What was read before a stall began waits with it; nil stands for the end of that direction.
  private var waiting: [(ByteBuffer?, TCPProxy.Direction)] = []
  /// When the next portion may leave, under a throttle.
  private var clear: [TCPProxy.Direction: NIODeadline] = [:]

  init(id: Int, engine: ProxyEngine) {
    self.id = id
    self.engine = engine
  }

  func join(_ server: any Channel) {
    self.server = server
    if isOver { return reset() }
    resume()
  }

  /// Goes on after a stall: first what was read already, then what the sockets hold.
  func resume() {
    guard engine.isPassing, !isOver, let client, let server else { return }
    let held = waiting
    waiting = []
    for (portion, direction) in held { pass(portion, direction) }
    client.read()
    server.read()
  }

  /// Something was read: sends it after the delays that are set. The next read comes when it has left.
  func pass(_ portion: ByteBuffer?, _ direction: TCPProxy.Direction) {
    if let receiver {
      // What it still says is for nobody; its own end says that it has read ours.
      if portion == nil { return receiver.close(promise: nil) }
      return receiver.read()
    }
    let now = NIODeadline.now()
    var due = now + engine.delay
    if let rate = engine.rate, let bytes = portion?.readableBytes {
      due = max(due, clear[direction] ?? now) + .nanoseconds(Int64(bytes) * 1_000_000_000 / Int64(rate))
    }
    due = max(due, clear[direction] ?? now)
    if due <= now {
      deliver(portion, direction)
    } else {
      clear[direction] = due
      engine.loop.scheduleTask(deadline: due) { self.deliver(portion, direction) }
    }
  }

  private func deliver(_ portion: ByteBuffer?, _ direction: TCPProxy.Direction) {
    guard !isOver else { return }
    guard engine.isPassing, let to = direction == .toServer ? server : client else {
      waiting.append((portion, direction))
      return
    }
    guard var bytes = portion else {
      // The empty write completes when all before it have left: only then may that half be closed.
      to.writeAndFlush(ByteBuffer()).whenComplete { _ in to.close(mode: .output, promise: nil) }
      return
    }
    let allowed = engine.allowance(bytes, direction)
    let portion = bytes.readSlice(length: allowed.bytes) ?? ByteBuffer()
    if allowed.effect == .stall { waiting.append((bytes, direction)) }
    to.writeAndFlush(portion).whenComplete { _ in
      if allowed.effect != nil { self.engine.events.append(.reachedLimit(self.id)) }
      switch allowed.effect {
      case .cut: self.reset(sparing: direction)
      case .end: self.end(for: direction)
      case .stall: break
      case nil: if self.engine.isPassing { (direction == .toServer ? self.client : self.server)?.read() }
      }
    }
  }

  /// Resets the sender; the receiver reads everything up to the end, closes, and only then is there a next connection.
  private func end(for direction: TCPProxy.Direction) {
    guard !isOver else { return }
    isOver = true
    let (sender, receiver) = direction == .toServer ? (client, server) : (server, client)
    self.receiver = receiver
    engine.ends(self)
    sender?.resetOnClose()
    sender?.close(promise: nil)
    receiver?.close(mode: .output, promise: nil)
    receiver?.read()
    engine.gone(self)
  }

  /// One side is closed in both directions: so is the other, once all bytes have left.
  func finish() {
    if receiver?.isActive == false { engine.ended(self) }
    guard !isOver else { return }
    isOver = true
    for channel in [client, server] {
      channel?.writeAndFlush(ByteBuffer()).whenComplete { _ in channel?.close(promise: nil) }
    }
    engine.gone(self)
  }

  /// Resets both connections.
  /// - Parameter direction: the end of this way is closed in order instead, because a reset would take back bytes that
  ///   have arrived there but were not read yet.
  func reset(sparing direction: TCPProxy.Direction? = nil) {
    isOver = true
    for (channel, end) in [(client, TCPProxy.Direction.toClient), (server, .toServer)] {
      guard let channel, channel.isActive else { continue }
      if end != direction { channel.resetOnClose() }
      channel.close(promise: nil)
    }
    engine.gone(self)
  }
}

extension Channel {
  /// Makes the close that follows send RST: what was written and not yet acknowledged is dropped.
  func resetOnClose() {
    _ = (self as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
  }
}

/// Hands what one side sends to its pair.
private final class ProxyHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let pair: ProxyPair
  private let direction: TCPProxy.Direction

  init(_ pair: ProxyPair, _ direction: TCPProxy.Direction) {
    self.pair = pair
    self.direction = direction
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { pair.pass(unwrapInboundIn(data), direction) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .some(ChannelEvent.inputClosed) = event as? ChannelEvent { pair.pass(nil, direction) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { pair.reset() }

  func channelInactive(context: ChannelHandlerContext) { pair.finish() }
}
