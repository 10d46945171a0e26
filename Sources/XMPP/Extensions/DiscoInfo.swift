import XMLStream

/// Service Discovery (XEP-0030): what an entity is and can do.
public struct DiscoInfo: Sendable, Equatable {
  /// What an entity is; categories and types are registered.
  public struct Identity: Sendable, Hashable {
    /// For example `client`.
    public var category: String
    /// For example `bot`.
    public var type: String
    /// For people.
    public var name: String?

    /// An identity.
    public init(category: String, type: String, name: String? = nil) {
      self.category = category
      self.type = type
      self.name = name
    }
  }

  /// What the entity is; at least one.
  public var identities: [Identity]
  /// Namespaces of what it can do.
  public var features: [String]

  /// What an entity is and can do.
  public init(identities: [Identity], features: [String]) {
    self.identities = identities
    self.features = features
  }

  /// Asks an entity what it is and can do.
  /// - Parameter recipient: whom; nil for the account itself.
  public static func request(id: String, to recipient: JID?) -> [UInt8] {
    IQ.request(.get, id: id, to: recipient) { writer in
      writer.open("query", namespace: Namespace.discoInfo)
      writer.close()
    }
  }

  /// Reads the answer to a request; nil if it is none, or an error: who does not know the question has no features.
  public init?(result iq: IQ) {
    guard iq.kind == .result, let query = iq.payload, query.is("query", in: Namespace.discoInfo) else { return nil }
    identities = []
    features = []
    for child in query.children {
      if child.is("feature", in: Namespace.discoInfo), let feature = child.attribute("var") {
        features.append(feature)
      } else if child.is("identity", in: Namespace.discoInfo), let category = child.attribute("category"),
        let type = child.attribute("type")
      {
        identities.append(Identity(category: category, type: type, name: child.attribute("name")))
      }
    }
  }

  /// Writes the `<query/>` of an answer.
  func write(into writer: inout XMLWriter) {
    writer.open("query", namespace: Namespace.discoInfo)
    for identity in identities {
      writer.open("identity")
      writer.attribute("category", identity.category)
      writer.attribute("type", identity.type)
      if let name = identity.name { writer.attribute("name", name) }
      writer.close()
    }
    for feature in features {
      writer.open("feature")
      writer.attribute("var", feature)
      writer.close()
    }
    writer.close()
  }
}
