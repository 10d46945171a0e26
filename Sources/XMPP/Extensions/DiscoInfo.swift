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
