public import XMLStream

/// Message Archive Management (XEP-0313): what an account or a room remembers.
public enum MessageArchive {
  /// The feature that whoever keeps an archive announces.
  public static var feature: String { Namespace.archive }

  /// Asks for a page of an archive.
  /// - Parameters:
  ///   - id: what ties the answer to it.
  ///   - query: what ties the results to it: they come as messages, before the answer.
  ///   - archive: whose archive; nil for the account's own.
  ///   - start: only what was archived then or later, in milliseconds since 1970.
  ///   - page: which part of the result.
  public static func request(
    id: String, query: String, of archive: JID? = nil, start: Int64? = nil, page: ResultSet.Request
  ) -> [UInt8] {
    IQ.request(.set, id: id, to: archive) { writer in
      writer.open("query", namespace: Namespace.archive)
      writer.attribute("queryid", query)
      if let start {
        writer.open("x", namespace: Namespace.dataForms)
        writer.attribute("type", "submit")
        field("FORM_TYPE", Namespace.archive, isHidden: true, into: &writer)
        field("start", Timestamp.rfc3339(start), into: &writer)
        writer.close()
      }
      page.write(into: &writer)
      writer.close()
    }
  }

  private static func field(_ name: String, _ value: String, isHidden: Bool = false, into writer: inout XMLWriter) {
    writer.open("field", namespace: Namespace.dataForms)
    writer.attribute("var", name)
    if isHidden { writer.attribute("type", "hidden") }
    writer.open("value", namespace: Namespace.dataForms)
    writer.text(value)
    writer.close()
    writer.close()
  }

  /// A message out of an archive.
  public struct Result: Sendable, Equatable {
    /// The query that it answers.
    public var query: String?
    /// Its id in the archive: what others see as its `<stanza-id/>`.
    public var id: String
    /// The message, and when it was archived.
    public var forwarded: Forwarded

    /// Reads a message; nil if it is no result.
    ///
    /// Whether it may be believed is for the caller to see: `from` has to be the archive that was asked, and `query` that
    /// of an open query (CVE-2019-16237 and its kin).
    public init?(_ message: XMLElement) {
      guard let result = message.child("result", in: Namespace.archive), let id = result.attribute("id"), !id.isEmpty,
        let forwarded = Forwarded(in: result)
      else { return nil }
      query = result.attribute("queryid")
      self.id = id
      self.forwarded = forwarded
    }
  }

  /// The end of a page.
  public struct End: Sendable, Hashable {
    /// Whether nothing lies behind the page.
    public var isComplete: Bool
    /// What the page was.
    public var page: ResultSet.Page

    /// Reads the answer to a request; nil if it is none.
    public init?(_ iq: IQ) {
      guard iq.kind == .result, let fin = iq.payload, fin.is("fin", in: Namespace.archive) else { return nil }
      isComplete = ["true", "1"].contains(fin.attribute("complete"))
      page = ResultSet.Page(in: fin)
    }
  }
}
