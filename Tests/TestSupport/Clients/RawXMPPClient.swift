import CTestSupport
import Foundation
import NIOCore
import NIOPosix
import Platform
public import XMLStream

/// One XMPP client stream over plain TCP, step by step: a test sends XML and looks at what comes back.
public final class RawXMPPClient: Sendable {
  /// Every first-level element that came in.
  public let elements = Record<XMLElement>("what the XMPP test client got")
  /// The messages with a body among them.
  public let messages = Record<ChatMessage>("messages to the XMPP test client")
  private let channel: any Channel
  private let session = Lock<String?>(nil)

  private init(channel: any Channel) { self.channel = channel }

  deinit { channel.close(promise: nil) }

  /// Connects and opens a stream to `localhost`.
  /// - Parameter answer: what it answers by itself to an element; it runs on the connection's event loop.
  public static func connect(
    _ port: Int, answering answer: (@Sendable (XMLElement) -> String?)? = nil
  ) async throws -> RawXMPPClient {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.autoRead, value: false)
      .connect(host: "127.0.0.1", port: port).get()
    let client = RawXMPPClient(channel: channel)
    let (elements, messages) = (client.elements, client.messages)
    try await channel.eventLoop.submit {
      var batch: [XMLElement] = []
      let handler = XMLEventHandler(
        received: { event in
          guard case .element(let element) = event else { return .sameStream }
          batch.append(element)
          if let words = answer?(element) { channel.write(xml: words) }
          return element.is("success", in: "urn:ietf:params:xml:ns:xmpp-sasl") ? .newStream : .sameStream
        },
        flushed: {
          elements.append(contentsOf: batch)
          messages.append(contentsOf: batch.compactMap(ChatMessage.init))
          batch = []
        },
        ended: { reason in
          elements.end(reason)
          messages.end(reason)
        })
      try channel.pipeline.syncOperations.addHandler(handler)
    }.get()
    try await channel.setOption(.autoRead, value: true).get()
    client.openStream()
    return client
  }

  /// Connects, logs in, binds a resource and enables stream management.
  public static func enabled(_ port: Int, _ user: TestUser = .bot) async throws -> RawXMPPClient {
    let client = try await connect(port)
    try await client.login(user)
    try await client.bind()
    client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
    let enabled = try await client.elements.first("<enabled/>") { $0.name == "enabled" }
    client.session.withLock { $0 = enabled.attribute("id") }
    return client
  }

  /// The id of its session, as `<enabled/>` gave it.
  public var sessionID: String? { session.withLock { $0 } }

  /// Sends XML as it is.
  public func send(_ xml: String) { channel.write(xml: xml) }

  /// Sends many stanzas in one go; returns when all are handed to the system.
  public func send(contentsOf stanzas: [String]) async throws {
    var buffer = channel.allocator.buffer(capacity: stanzas.reduce(0) { $0 + $1.utf8.count })
    for stanza in stanzas { buffer.writeString(stanza) }
    try await channel.writeAndFlush(buffer)
  }

  /// Logs in with SASL PLAIN and opens the stream anew.
  /// - Throws: `TestFailure` with the server's answer if that is no success.
  public func login(_ user: TestUser = .bot) async throws {
    let initial = Data("\0\(user.name)\0\(user.password)".utf8).base64EncodedString()
    _ = try await elements.first("stream features") { $0.name == "features" }
    let mark = elements.count
    send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\(initial)</auth>")
    let answer = try await elements.first("the answer to a login", from: mark)
    guard answer.name == "success" else { throw TestFailure("login as \(user.name): \(answer)") }
    openStream()
    _ = try await elements.first("stream features after the login", from: mark) { $0.name == "features" }
  }

  /// Binds a resource; returns the full JID.
  @discardableResult
  public func bind(_ resource: String = "phone") async throws -> String {
    let mark = elements.count
    let namespace = "urn:ietf:params:xml:ns:xmpp-bind"
    send(
      "<iq type='set' id='bind'><bind xmlns='\(namespace)'><resource>\(resource.xmlEscaped)</resource></bind></iq>")
    let answer = try await elements.first("a bound resource", from: mark) { $0.attribute("id") == "bind" }
    guard let jid = answer.child("bind", in: namespace)?.child("jid", in: namespace)?.text else {
      throw TestFailure("binding \(resource): \(answer)")
    }
    return jid
  }

  /// From here on only the bodies of messages are recorded, as they stand in the XML: `elements` and `messages` get nothing
  /// more, and nothing is answered. For loads under which a tree of every stanza would be too slow.
  public func scanBodies() async throws -> Record<[UInt8]> {
    let bodies = Record<[UInt8]>("bodies of messages to the XMPP test client")
    let channel = channel
    try await channel.eventLoop.flatSubmit {
      do {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(BodyScanner(bodies))
        return pipeline.removeHandler(try pipeline.handler(type: XMLEventHandler.self))
      } catch {
        return channel.eventLoop.makeFailedFuture(error)
      }
    }.get()
    return bodies
  }

  /// Closes the connection; returns when it is closed.
  public func close() async throws { try? await channel.close().get() }

  /// Returns when the connection is closed, whoever did it.
  public func closed() async throws { try await channel.closeFuture.get() }

  private func openStream() {
    send(
      "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
        + "xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>")
  }
}

extension Channel {
  /// Sends XML as it is.
  func write(xml: String) { writeAndFlush(ByteBuffer(string: xml), promise: nil) }
}

extension String {
  /// The text with what XML would take for markup replaced, for content and for attributes in single quotes.
  public var xmlEscaped: String {
    // A debug build looks at tens of thousands of bytes one by one for longer than a server needs for the message.
    let isPlain = utf8.withContiguousStorageIfAvailable { bytes in
      ["<", "&", "'"].allSatisfy { (mark: String) in ctest_find(bytes.baseAddress, bytes.count, mark) < 0 }
    }
    if isPlain == true { return self }
    return replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("'", with: "&apos;")
  }
}
