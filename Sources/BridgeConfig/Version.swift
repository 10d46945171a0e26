/// What the program calls itself.
public enum BridgeVersion {
  /// The version, as in Semantic Versioning.
  public static let current = "0.1.0"
}
