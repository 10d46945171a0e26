import XMLStream

/// Result Set Management (XEP-0059): how a long answer is asked for in pages.
public enum ResultSet {
  /// Which page is asked for.
  public struct Request: Sendable, Hashable {
    /// Where the page lies.
    public enum Place: Sendable, Hashable {
      /// The first items.
      case first
      /// Those behind an item.
      case after(String)
      /// Those before an item; nil: the last ones.
      case before(String?)
    }

    /// Where the page lies.
    public var place: Place
    /// How many items it should have at most; the server may give fewer.
    public var limit: Int

    /// A page.
    public init(_ place: Place, limit: Int) {
      self.place = place
      self.limit = limit
    }

    /// Writes the `<set/>` into an open query.
    func write(into writer: inout XMLWriter) {
      writer.open("set", namespace: Namespace.resultSet)
      field("max", String(limit), into: &writer)
      switch place {
      case .first: break
      case .after(let id): field("after", id, into: &writer)
      case .before(let id): field("before", id ?? "", into: &writer)
      }
      writer.close()
    }

    private func field(_ name: String, _ text: String, into writer: inout XMLWriter) {
      writer.open(name, namespace: Namespace.resultSet)
      if !text.isEmpty { writer.text(text) }
      writer.close()
    }
  }

  /// What an answer says of its page.
  public struct Page: Sendable, Hashable {
    /// The id of its first item; nil for an empty page.
    public var first: String?
    /// The id of its last item; nil for an empty page.
    public var last: String?
    /// How many items there are in all pages, if the server counts them.
    public var count: Int?

    /// Reads the `<set/>` directly inside an element; all is nil if there is none.
    init(in element: XMLElement) {
      guard let set = element.child("set", in: Namespace.resultSet) else { return }
      first = set.child("first", in: Namespace.resultSet)?.text
      last = set.child("last", in: Namespace.resultSet)?.text
      count = set.child("count", in: Namespace.resultSet).flatMap { Int($0.text) }
    }
  }
}
