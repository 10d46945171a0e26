/// Namespaces that the framing itself knows.
public enum XMLNamespace {
  /// The content namespace of client streams, and the default one of everything written here (RFC 6120 §4.8.2).
  public static var client: String { "jabber:client" }
  /// The namespace of the stream element, of stream features and of stream errors (RFC 6120 §4.8.1).
  public static var streams: String { "http://etherx.jabber.org/streams" }
  /// The namespace that the prefix `xml` always stands for (`xml:lang`).
  public static var xml: String { "http://www.w3.org/XML/1998/namespace" }
}
