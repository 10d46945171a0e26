public import XMLStream

/// What a server offers at one point of a stream (RFC 6120 §4.3.2).
public struct StreamFeatures: Sendable, Equatable {
  /// STARTTLS can be negotiated.
  public var startTLS = false
  /// Names of SASL mechanisms for the profile of RFC 6120.
  public var mechanisms: [String] = []
  /// Channel binding types that the server supports (XEP-0440); nil if it does not say.
  public var channelBindingTypes: [String]?
  /// A resource can be bound.
  public var binding = false
  /// Stream Management can be used (XEP-0198).
  public var streamManagement = false
  /// The roster has versions (RFC 6121 §2.6).
  public var rosterVersioning = false
  /// The most bytes that a stanza to this server may have, if it says so (XEP-0478).
  public var maximumStanzaBytes: Int?
  /// Authentication by the Extensible SASL Profile; nil if it is not offered.
  public var sasl2: SASL2?

  /// What XEP-0388 offers.
  public struct SASL2: Sendable, Equatable {
    /// Names of SASL mechanisms.
    public var mechanisms: [String]
    /// A session can be resumed within the authentication (XEP-0198 §9).
    public var streamManagement: Bool

    /// An offer.
    public init(mechanisms: [String] = [], streamManagement: Bool = false) {
      self.mechanisms = mechanisms
      self.streamManagement = streamManagement
    }
  }

  /// Nothing offered.
  public init() {}

  /// Reads `<stream:features/>`; nil if the element is something else. What is not known here is passed over.
  public init?(_ element: XMLElement) {
    guard element.is("features", in: Namespace.streams) else { return nil }
    for feature in element.children {
      switch (feature.name, feature.namespace) {
      case ("starttls", Namespace.startTLS): startTLS = true
      case ("mechanisms", Namespace.sasl): mechanisms = Self.mechanisms(in: feature)
      case ("bind", Namespace.bind): binding = true
      case ("sm", Namespace.streamManagement): streamManagement = true
      case ("ver", Namespace.rosterVersioning): rosterVersioning = true
      case ("sasl-channel-binding", Namespace.channelBinding):
        channelBindingTypes = feature.children.filter { $0.is("channel-binding", in: Namespace.channelBinding) }
          .compactMap { $0.attribute("type") }
      case ("limits", Namespace.limits):
        maximumStanzaBytes = feature.child("max-bytes", in: Namespace.limits).flatMap { Int($0.text) }
      case ("authentication", Namespace.sasl2):
        let inline = feature.child("inline", in: Namespace.sasl2)
        sasl2 = SASL2(
          mechanisms: Self.mechanisms(in: feature),
          streamManagement: inline?.child("sm", in: Namespace.streamManagement) != nil)
      default: continue
      }
    }
  }

  private static func mechanisms(in list: XMLElement) -> [String] {
    list.children.filter { $0.is("mechanism", in: list.namespace) }.map(\.text)
  }
}
