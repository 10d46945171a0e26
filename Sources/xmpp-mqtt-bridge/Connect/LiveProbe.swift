import BridgeConfig

/// The probe of this build.
func makeConnectionProbe() -> some ConnectionProbe { UnwiredProbe() }

/// Stands where no client library is linked: it reaches nothing, and says so.
struct UnwiredProbe: ConnectionProbe {
  private static let reason = "this build has no clients to connect with"

  func broker(_ configuration: BridgeConfiguration) async -> BrokerProbe {
    BrokerProbe(outcome: .unreachable(Self.reason))
  }

  func account(_ account: AccountConfiguration) async -> AccountProbe {
    AccountProbe(outcome: .unreachable(Self.reason))
  }
}
