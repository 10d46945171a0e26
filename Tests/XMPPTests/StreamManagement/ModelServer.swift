import XMLStream

/// A server as XEP-0198 wants it, with the one account that the simulation needs. It reads the client's bytes and says
/// in events what it answers.
///
/// Sessions and what was taken from the client survive connections; `restart` forgets the sessions.
final class ModelServer {
  /// A session that can be resumed. All counts are modulo 2^32.
  struct Session {
    var id: String
    /// How many of the client's stanzas were handled.
    var handled: UInt32
    /// How many stanzas the client has confirmed, and the ids of those after them.
    var confirmed: UInt32
    var unconfirmed: [Int] = []
  }

  private(set) var session: Session?
  /// Whether the client's stanzas count by now, and ours.
  private(set) var isLive = false
  /// Ids of the messages that the client sent, in the order in which they were taken.
  private(set) var taken: [Int] = []
  /// Ids of messages that wait for a session.
  private(set) var waiting: [Int] = []
  /// What the client is told next.
  var outgoing: [XMLStreamEvent] = []
  /// Something that a correct client never does.
  private(set) var complaint: String?

  private var forgotten: [String: UInt32] = [:]
  private var sessions = 0
  /// What has been parsed once: most is said again and again.
  private var said: [String: XMLElement] = [:]
  private var parser = XMLStreamParser()
  private var isAuthenticated = false

  /// - Parameters:
  ///   - base: where both counts of an existing session stand; nil for no session.
  init(base: UInt32?) {
    session = base.map { Session(id: "sm0", handled: $0, confirmed: $0) }
  }

  // MARK: Connections

  func accept() {
    parser = XMLStreamParser()
    outgoing = []
    isAuthenticated = false
    isLive = false
  }

  /// Both ways are gone, with all that was on them.
  func cut() {
    accept()
  }

  /// Forgets the session; what the client did not confirm waits for the next one.
  func restart(remembersCount: Bool) {
    cut()
    guard let session else { return }
    waiting = session.unconfirmed + waiting
    if remembersCount { forgotten[session.id] = session.handled }
    self.session = nil
  }

  // MARK: Sending

  /// Sends a message, or keeps it until there is a session.
  func send(_ id: Int) {
    guard session != nil else { return waiting.append(id) }
    session?.unconfirmed.append(id)
    if isLive { say(Self.message(id)) }
  }

  func ask() { if isLive { say("<r xmlns='urn:xmpp:sm:3'/>") } }

  func acknowledge() { if isLive, let session { say("<a xmlns='urn:xmpp:sm:3' h='\(session.handled)'/>") } }

  private func say(_ text: String) {
    guard let element = said[text] ?? (try? XMLElement(parsing: text)) else { return complain("cannot say \(text)") }
    said[text] = element
    outgoing.append(.element(element))
  }

  private static func message(_ id: Int) -> String { "<message from='alice@example.org/a' id='\(id)'/>" }

  private func complain(_ text: String) { if complaint == nil { complaint = text } }

  // MARK: Receiving

  func receive(_ bytes: ArraySlice<UInt8>) {
    var bytes = bytes
    while !bytes.isEmpty {
      var restarts = false
      do {
        let count = try parser.feed(bytes) { event in
          restarts = self.receive(event)
          return restarts ? .halt : .proceed
        }
        bytes = bytes.dropFirst(count)
      } catch {
        return complain("unreadable: \(error)")
      }
      if restarts { parser = XMLStreamParser() }
    }
  }

  /// Returns whether a new stream follows.
  private func receive(_ event: XMLStreamEvent) -> Bool {
    switch event {
    case .opened:
      outgoing.append(.opened(StreamHeader(from: "example.org", id: "s", version: "1.0")))
      let features = isAuthenticated ? Conversation.bind + Conversation.sm : Conversation.loginFeatures
      say("<features xmlns='http://etherx.jabber.org/streams'>\(features)</features>")
    case .closed: complain("the client closed the stream")
    case .element(let element):
      if element.name == "auth" {
        isAuthenticated = true
        say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        return true
      }
      receive(element)
    }
    return false
  }

  private func receive(_ element: XMLElement) {
    switch element.name {
    case "message" where isLive:
      session?.handled &+= 1
      taken.append(element.attribute("id").flatMap(Int.init) ?? -1)
    case "r" where isLive: acknowledge()
    case "a" where isLive: confirm(element.attribute("h"))
    case "resume" where !isLive: resume(element)
    case "iq" where !isLive && element.child("bind", in: "urn:ietf:params:xml:ns:xmpp-bind") != nil:
      // A new session ends the one before.
      if let old = session { waiting = old.unconfirmed + waiting }
      session = nil
      say(
        "<iq type='result' id='\(element.attribute("id") ?? "")'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
          + "<jid>bot@example.org/x</jid></bind></iq>")
    case "enable" where !isLive:
      sessions += 1
      session = Session(id: "sm\(sessions)", handled: 0, confirmed: 0, unconfirmed: waiting)
      isLive = true
      say("<enabled xmlns='urn:xmpp:sm:3' id='sm\(sessions)' resume='true'/>")
      for id in waiting { say(Self.message(id)) }
      waiting = []
    default: complain("unexpected <\(element.name)/>, live: \(isLive)")
    }
  }

  private func resume(_ element: XMLElement) {
    let id = element.attribute("previd") ?? ""
    guard let session, session.id == id else {
      let count = forgotten[id].map { " h='\($0)'" } ?? ""
      return say("<failed xmlns='urn:xmpp:sm:3'\(count)/>")
    }
    isLive = true
    confirm(element.attribute("h"))
    say("<resumed xmlns='urn:xmpp:sm:3' previd='\(id)' h='\(session.handled)'/>")
    for id in self.session?.unconfirmed ?? [] { say(Self.message(id)) }
  }

  private func confirm(_ text: String?) {
    guard let session, let h = text.flatMap(UInt32.init) else { return complain("bad count \(text ?? "-")") }
    let step = h &- session.confirmed
    guard step <= session.unconfirmed.count else {
      return complain("the client confirms \(h) after \(session.confirmed) of \(session.unconfirmed.count) more")
    }
    self.session?.unconfirmed.removeFirst(Int(step))
    self.session?.confirmed = h
  }
}
