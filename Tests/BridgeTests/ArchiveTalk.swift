import XMLStream

/// A request for a page of an archive: its iq id, its query id, whose archive is asked, where it begins.
struct ArchivePage: Equatable {
  var id: String
  var query: String
  var archive: String?
  var after: String?
  var isByTime: Bool
}

/// The page that was asked for last; other stanzas are dropped.
func page(_ account: inout AccountHarness) -> ArchivePage? {
  for stanza in account.sent().compactMap(\.element).reversed() {
    guard let query = stanza.child("query", in: "urn:xmpp:mam:2") else { continue }
    let set = query.child("set", in: "http://jabber.org/protocol/rsm")
    return ArchivePage(
      id: stanza.attribute("id") ?? "", query: query.attribute("queryid") ?? "", archive: stanza.attribute("to"),
      after: set?.child("after", in: "http://jabber.org/protocol/rsm")?.text,
      isByTime: query.child("x", in: "jabber:x:data") != nil)
  }
  return nil
}

/// The page ends.
/// - Parameter last: the id of its last item, behind which there are more; nil: it was the last page.
func end(_ account: inout AccountHarness, _ page: ArchivePage, last: String? = nil) {
  let set = last.map { "<set xmlns='http://jabber.org/protocol/rsm'><last>\($0)</last></set>" } ?? ""
  let from = page.archive.map { " from='\($0)'" } ?? ""
  account.stanza(
    "<iq type='result' id='\(page.id)'\(from)><fin xmlns='urn:xmpp:mam:2'\(last == nil ? " complete='true'" : "")>"
      + "\(set)</fin></iq>")
  account.committed()
}
