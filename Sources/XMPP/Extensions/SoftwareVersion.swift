import XMLStream

/// Software Version (XEP-0092).
public struct SoftwareVersion: Sendable, Hashable {
  /// The program's name.
  public var name: String
  /// Its version.
  public var version: String
  /// The operating system, if it is to be told.
  public var system: String?

  /// What a program says of itself.
  public init(name: String, version: String, system: String? = nil) {
    self.name = name
    self.version = version
    self.system = system
  }

  /// Writes the `<query/>` of an answer.
  func write(into writer: inout XMLWriter) {
    writer.open("query", namespace: Namespace.version)
    for (element, text) in [("name", name), ("version", version), ("os", system)] {
      guard let text else { continue }
      writer.open(element)
      writer.text(text)
      writer.close()
    }
    writer.close()
  }
}
