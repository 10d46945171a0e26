/// Everything `bridge.conf` says, checked, with defaults filled in and secrets read. Two are equal if a bridge would
/// behave the same under both, so that a reload can tell what has changed.
public struct BridgeConfiguration: Sendable, Equatable {
  /// `[bridge]`.
  public var bridge: BridgeSection
  /// `[mqtt]`.
  public var mqtt: MQTTSection
  /// `[delivery]`.
  public var delivery: DeliverySection
  /// Each `[[account]]`, in the order of the file; at least one, names unique.
  public var accounts: [AccountConfiguration]

  /// A configuration of these parts.
  public init(
    bridge: BridgeSection = BridgeSection(), mqtt: MQTTSection, delivery: DeliverySection = DeliverySection(),
    accounts: [AccountConfiguration]
  ) {
    self.bridge = bridge
    self.mqtt = mqtt
    self.delivery = delivery
    self.accounts = accounts
  }
}
