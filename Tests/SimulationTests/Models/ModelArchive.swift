import XMLStream
import XMPP

/// What the server keeps of the account's messages, both ways (XEP-0313), in the order of their coming.
final class ModelArchive {
  private struct Entry {
    var id: String
    /// In milliseconds since 1970.
    var time: Int64
    var message: String
  }

  private var entries: [Entry] = []
  /// Messages a page at most, whatever is asked for.
  private let pageSize: Int

  /// How a page ends that was put together without the database.
  static let nothing =
    "<fin xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin>"

  init(pageSize: Int) { self.pageSize = pageSize }

  /// Keeps a message; returns its id in the archive.
  func add(_ message: String, time: Int64) -> String {
    let id = "archived-\(entries.count + 1)"
    entries.append(Entry(id: id, time: time, message: message))
    return id
  }

  /// A page: the messages that tell it, and what the answer to the request holds; nil if the archive does not know the
  /// message to begin behind.
  func page(_ query: XMLElement) -> (results: [String], end: String)? {
    var first = 0
    let set = query.child("set", in: "http://jabber.org/protocol/rsm")
    if let after = set?.child("after", in: "http://jabber.org/protocol/rsm")?.text {
      guard let place = entries.firstIndex(where: { $0.id == after }) else { return nil }
      first = place + 1
    }
    let form = query.child("x", in: "jabber:x:data")
    let start = form?.children.first { $0.attribute("var") == "start" }?.child("value", in: "jabber:x:data")?.text
    let earliest = start.flatMap(Timestamp.milliseconds) ?? .min
    let all = entries.dropFirst(first).filter { $0.time >= earliest }
    let page = all.prefix(pageSize)
    let id = query.attribute("queryid") ?? ""
    let results = page.map { entry in
      "<message from='bot@example.org' to='bot@example.org/b'><result xmlns='urn:xmpp:mam:2' queryid='\(id)' "
        + "id='\(entry.id)'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' "
        + "stamp='\(Timestamp.rfc3339(entry.time))'/>\(entry.message)</forwarded></result></message>"
    }
    var bounds = ""
    if let first = page.first, let last = page.last { bounds = "<first>\(first.id)</first><last>\(last.id)</last>" }
    let end =
      "<fin xmlns='urn:xmpp:mam:2'\(page.count == all.count ? " complete='true'" : "")>"
      + "<set xmlns='http://jabber.org/protocol/rsm'>\(bounds)</set></fin>"
    return (results, end)
  }
}
