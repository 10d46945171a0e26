import Bridge
import BridgeConfig

/// The probe that connects to real servers, with the bridge's own clients.
struct LiveProbe: ConnectionProbe {
  func broker(_ configuration: BridgeConfiguration) async -> BrokerProbe {
    let finding = await BrokerProber.probe(configuration)
    return BrokerProbe(
      outcome: ProbeOutcome(finding.outcome), protocolVersion: finding.protocolVersion,
      maximumQoS: finding.maximumQoS, retains: finding.keepsRetained)
  }

  func account(_ account: AccountConfiguration) async -> AccountProbe {
    let finding = await AccountProber.probe(account)
    return AccountProbe(
      outcome: ProbeOutcome(finding.outcome), address: finding.address, tls: finding.tls,
      mechanisms: finding.mechanisms, streamManagement: finding.streamManagement, archive: finding.archive,
      upload: finding.upload, carbons: finding.carbons)
  }
}

extension ProbeOutcome {
  fileprivate init(_ outcome: LoginOutcome) {
    switch outcome {
    case .loggedIn: self = .loggedIn
    case .refused(let reason): self = .refused(reason)
    case .unreachable(let reason): self = .unreachable(reason)
    }
  }
}
