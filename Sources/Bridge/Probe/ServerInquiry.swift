import XMLStream
import XMPP

/// Finds out what an account's server can do, by Service Discovery (XEP-0030): a machine that is told what came and
/// says what to send.
///
/// Where a feature is announced is for its own specification to say: the archive at the account (XEP-0313 §9), carbons
/// at the server (XEP-0280 §3), uploads at the server or, as a rule, at one of its components (XEP-0363 §3).
struct ServerInquiry {
  /// Message archive (XEP-0313).
  private(set) var archive: Bool?
  /// Message carbons (XEP-0280).
  private(set) var carbons: Bool?
  /// HTTP file upload (XEP-0363).
  private(set) var upload: Bool?

  private enum Question {
    case account, server, components, component
  }

  private let account: JID
  private let idPrefix: String
  private var asked = 0
  private var open: [String: (recipient: JID, question: Question)] = [:]

  /// More components than this are not asked.
  private static let componentLimit = 32

  private enum Namespace {
    static let items = "http://jabber.org/protocol/disco#items"
    static let upload = "urn:xmpp:http:upload:0"
  }

  /// - Parameters:
  ///   - account: the address of the session.
  ///   - idPrefix: what the ids of the requests begin with, so that nobody can guess them.
  init(account: JID, idPrefix: String) {
    self.account = account
    self.idPrefix = idPrefix
  }

  /// Whether everything is found out, or nobody is left who could say.
  var isDone: Bool { open.isEmpty || (archive != nil && carbons != nil && upload != nil) }

  /// The first requests.
  mutating func start() -> [[UInt8]] {
    [ask(account.bare, .account), ask(account.domain, .server), ask(account.domain, .components)]
  }

  /// Takes an iq, which may be an answer; returns further requests.
  mutating func received(_ iq: IQ) -> [[UInt8]] {
    guard let (recipient, question) = open[iq.id], iq.answers(iq.id, to: recipient, of: account) else { return [] }
    open[iq.id] = nil
    var requests: [[UInt8]] = []
    let features = Set(DiscoInfo(result: iq)?.features ?? [])
    switch question {
    case .account: archive = features.contains(MessageArchive.feature)
    case .server:
      carbons = features.contains(MessageCarbons.feature)
      if features.contains(Namespace.upload) { upload = true }
    case .components:
      for component in Self.items(in: iq).prefix(Self.componentLimit) { requests.append(ask(component, .component)) }
    case .component: if features.contains(Namespace.upload) { upload = true }
    }
    if upload == nil, !open.values.contains(where: { $0.question != .account }) { upload = false }
    return requests
  }

  private mutating func ask(_ recipient: JID, _ question: Question) -> [UInt8] {
    asked += 1
    let id = "\(idPrefix)-\(asked)"
    open[id] = (recipient, question)
    guard question == .components else { return DiscoInfo.request(id: id, to: recipient) }
    return IQ.request(.get, id: id, to: recipient) { writer in
      writer.open("query", namespace: Namespace.items)
      writer.close()
    }
  }

  private static func items(in iq: IQ) -> [JID] {
    guard iq.kind == .result, let query = iq.payload, query.is("query", in: Namespace.items) else { return [] }
    return query.children.filter { $0.is("item", in: Namespace.items) && $0.attribute("node") == nil }
      .compactMap { $0.attribute("jid").flatMap { try? JID($0) } }
  }
}
