public import NIOCore
import XMPP

/// Finds the places where a server may be: asks the DNS where the configuration leaves that open.
public struct ServerFinder: Sendable {
  /// Asks for the SRV records of a full name; the answer may come on any thread.
  public typealias LookUp = @Sendable (_ name: String, _ completion: @escaping SRVResolver.Completion) -> Void

  private let lookUp: LookUp

  /// A finder that asks the system's resolver, or whoever is given.
  public init(lookUp: @escaping LookUp = SRVResolver.lookUp) { self.lookUp = lookUp }

  /// The places to try, in this order; never none.
  /// - Parameter place: where the server wants the next connection of a session, if it said so; it is tried first. It
  ///   is passed over where there is no TLS, for then nothing would show whose place it is.
  /// - Returns: a future that fails with `ConnectionEnd.unreachable` if there is no such server.
  public func endpoints(
    of location: ServerLocation, place: String? = nil, on eventLoop: any EventLoop
  ) -> EventLoopFuture<[XMPPEndpoint]> {
    found(location, on: eventLoop).map { endpoints in
      guard let place, location.security != .none, let first = endpoints.first else { return endpoints }
      // The server does not say what is spoken there: most likely the same as at its usual place.
      guard let wanted = XMPPEndpoint(place: place, isDirectTLS: first.isDirectTLS) else { return endpoints }
      return [wanted] + endpoints.filter { $0 != wanted }
    }
  }

  private func found(_ location: ServerLocation, on eventLoop: any EventLoop) -> EventLoopFuture<[XMPPEndpoint]> {
    if let host = location.host ?? AsciiDomain.address(location.domain) {
      return eventLoop.makeSucceededFuture([location.endpoint(host: host)])
    }
    guard let name = AsciiDomain.name(location.domain) else {
      return eventLoop.makeFailedFuture(ConnectionEnd.unreachable("\(location.domain) is no name for the DNS"))
    }
    let itself = location.endpoint(host: name)
    guard location.port == nil, location.security != .none else { return eventLoop.makeSucceededFuture([itself]) }

    let directTLS = ask("_xmpps-client._tcp.\(name)", on: eventLoop)
    let startTLS =
      location.security == .startTLS
      ? ask("_xmpp-client._tcp.\(name)", on: eventLoop) : eventLoop.makeSucceededFuture(.none)
    return directTLS.and(startTLS).flatMapThrowing { directTLS, startTLS in
      var generator = SystemRandomNumberGenerator()
      return switch ServerDiscovery.merge(directTLS: directTLS, startTLS: startTLS, using: &generator) {
      case .servers(let servers): servers
      case .nothing: [itself]
      case .unavailable: throw ConnectionEnd.unreachable("\(location.domain) says that it has no XMPP service")
      }
    }
  }

  private func ask(_ name: String, on eventLoop: any EventLoop) -> EventLoopFuture<SRVAnswer> {
    let promise = eventLoop.makePromise(of: SRVAnswer.self)
    lookUp(name) { promise.succeed($0) }
    return promise.futureResult
  }
}
