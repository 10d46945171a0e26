import XMLStream

/// The server's end of one connection: reads the client's bytes and answers.
final class ServerStream {
  let wire: Wire<[UInt8]>
  private unowned let world: World
  private var parser = XMLStreamParser()
  private var isAuthenticated = false
  private var session: ModelServer.Session?
  /// The client has asked for a session that is gone, and was told how far it came.
  private var wasTold = false
  /// The bridge's process at the other end.
  private let process: BridgeProcess?
  private var output = ""
  private var isClosed = false

  init(_ wire: Wire<[UInt8]>, world: World) {
    self.wire = wire
    self.world = world
    process = world.process
  }

  private static let header =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    + "from='example.org' id='x' version='1.0'>"
  private static let loginFeatures =
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
    + "</stream:features>"
  private static let features =
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>"

  static func error(_ condition: String) -> String {
    "<stream:error><\(condition) xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
  }

  // MARK: Out

  func write(_ text: String) {
    if !isClosed { output += text }
  }

  /// Sends what was written, in one piece or in two.
  func flush() {
    guard !output.isEmpty else { return }
    let bytes = Array(output.utf8)
    output = ""
    let cut = world.chance(20) ? 1 + world.below(bytes.count) : bytes.count
    wire.send(Array(bytes[..<cut]), to: wire.bridge)
    if cut < bytes.count { wire.send(Array(bytes[cut...]), to: wire.bridge) }
  }

  func close() {
    guard !isClosed else { return }
    flush()
    isClosed = true
    wire.close(by: wire.peer)
  }

  // MARK: In

  /// Whether the client was cut off in the middle of something: then what comes next is no element of its own.
  var isWithinStanza: Bool {
    var isHeard = false
    _ = try? parser.feed("<probe xmlns='probe'/>".utf8.span) { event in
      if case .element(let element) = event { isHeard = element.name == "probe" }
      return .proceed
    }
    return !isHeard
  }

  func received(_ bytes: [UInt8]) {
    guard !isClosed, session?.isDeaf != true else { return }
    var rest = bytes[...]
    while !rest.isEmpty, !isClosed {
      var restarts = false
      do {
        let count = try parser.feed(rest) { event in
          restarts = self.received(event)
          return restarts || self.isClosed ? .halt : .proceed
        }
        rest = rest.dropFirst(count)
      } catch {
        return world.complain("the server cannot read what the bridge sends: \(error)")
      }
      if restarts { parser = XMLStreamParser() }
      if session?.isDeaf == true { break }
    }
    flush()
  }

  /// Returns whether a new stream follows.
  private func received(_ event: XMLStreamEvent) -> Bool {
    guard !isClosed else { return false }
    switch event {
    case .opened: write(Self.header + (isAuthenticated ? Self.features : Self.loginFeatures))
    case .closed:
      // What cannot be parked is logged out.
      guard !world.scenario.server.resumes else { return closedWrongly() }
      world.server.lost(self, mayBeHalf: false)
    case .element(let element):
      if element.name == "auth" {
        isAuthenticated = true
        write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        return true
      }
      if let session { live(element, session) } else { login(element) }
    }
    return false
  }

  private func closedWrongly() -> Bool {
    world.complain("the bridge has closed the stream")
    return false
  }

  // MARK: Before there is a session

  private func login(_ element: XMLElement) {
    switch element.name {
    case "resume": resume(element)
    case "iq" where element.child("bind", in: "urn:ietf:params:xml:ns:xmpp-bind") != nil:
      world.server.bind(by: process, on: self, wasTold: wasTold)
      write(
        "<iq type='result' id='\(element.attribute("id") ?? "")'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
          + "<jid>bot@example.org/b</jid></bind></iq>")
    case "enable":
      guard world.server.bound === self else { return }
      let session = world.server.begin(on: self)
      self.session = session
      let resumption = world.scenario.server.resumes ? " id='\(session.id)' resume='true'" : ""
      write("<enabled xmlns='urn:xmpp:sm:3'\(resumption)/>")
      world.note("server: session \(session.id) begins")
    default: world.complain("the bridge sends <\(element.name)/> before there is a session")
    }
  }

  private func resume(_ element: XMLElement) {
    let id = element.attribute("previd") ?? ""
    let (found, count) = world.server.resume(id, on: self)
    guard let found else {
      wasTold = count != nil
      world.count(wasTold ? "refused with a count" : "refused without a count")
      world.note("server: session \(id) is gone\(count.map { ", it came to \($0)" } ?? "")")
      return write("<failed xmlns='urn:xmpp:sm:3'\(count.map { " h='\($0)'" } ?? "")/>")
    }
    session = found
    confirm(element.attribute("h"), found)
    world.count("resumed")
    if !found.unconfirmed.isEmpty { world.count("repeats of the server's") }
    write("<resumed xmlns='urn:xmpp:sm:3' previd='\(id)' h='\(found.handled)'/>")
    world.note("server: session \(id) is resumed at \(found.handled)\(found.isDeaf ? ", deaf" : "")")
    for index in found.unconfirmed.indices {
      found.unconfirmed[index].isWritten = true
      write(found.unconfirmed[index].text)
    }
    if found.isDeaf, world.scenario.server.halfStanza == .isComplainedOf {
      write(Self.error("not-well-formed"))
      world.server.end(found, "cannot be read")
    }
  }

  // MARK: In a session

  private func live(_ element: XMLElement, _ session: ModelServer.Session) {
    switch element.name {
    case "r":
      let pace = world.scenario.server.answer
      guard pace.usual > 0 else { return acknowledge(session) }
      world.after(pace) { [self] in
        if !isClosed {
          acknowledge(session)
          flush()
        }
      }
    case "a": confirm(element.attribute("h"), session)
    case "message", "presence", "iq":
      session.handled &+= 1
      take(element, session)
    default: world.complain("the bridge sends <\(element.name)/>")
    }
  }

  private func acknowledge(_ session: ModelServer.Session) {
    write("<a xmlns='urn:xmpp:sm:3' h='\(session.handled)'/>")
  }

  private func take(_ element: XMLElement, _ session: ModelServer.Session) {
    let type = element.attribute("type")
    switch element.name {
    case "message" where type != "error":
      guard let name = element.child("body", in: "jabber:client")?.text else { return }
      world.server.took(element, name: name)
    case "presence" where type == nil && element.attribute("to") == nil:
      if !session.isAvailable { world.server.becameAvailable(session) }
    case "iq" where type == "get" || type == "set": answer(element, session)
    default: break
    }
  }

  private func answer(_ iq: XMLElement, _ session: ModelServer.Session) {
    let id = iq.attribute("id") ?? ""
    let reply: String
    if iq.child("query", in: "jabber:iq:roster") != nil {
      let items = Scenario.contacts.map { "<item jid='\($0)' subscription='both'/>" }.joined()
      reply = "<iq type='result' id='\(id)'><query xmlns='jabber:iq:roster'>\(items)</query></iq>"
    } else if world.scenario.server.hasArchive, iq.child("query", in: "http://jabber.org/protocol/disco#info") != nil {
      reply =
        "<iq type='result' id='\(id)' from='bot@example.org'><query xmlns='http://jabber.org/protocol/disco#info'>"
        + "<feature var='urn:xmpp:mam:2'/></query></iq>"
    } else if world.scenario.server.hasArchive, let query = iq.child("query", in: "urn:xmpp:mam:2"),
      let page = world.now < world.server.archiveReadyAt ? ([], ModelArchive.nothing) : world.server.archive.page(query)
    {
      world.count("pages")
      for result in page.results { world.server.write(result, name: nil, to: session) }
      reply = "<iq type='result' id='\(id)'>\(page.end)</iq>"
    } else {
      let from = iq.attribute("to").map { " from='\($0)'" } ?? ""
      reply =
        "<iq type='error' id='\(id)'\(from)><error type='cancel'>"
        + "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    }
    world.server.write(reply, name: nil, to: session)
  }

  private func confirm(_ text: String?, _ session: ModelServer.Session) {
    guard let h = text.flatMap(UInt32.init) else { return world.complain("the bridge confirms without a count") }
    let step = h &- session.confirmed
    guard step <= session.unconfirmed.count else {
      return world.complain("the bridge confirms \(h) of \(session.confirmed) + \(session.unconfirmed.count)")
    }
    session.unconfirmed.removeFirst(Int(step))
    session.confirmed = h
  }
}
