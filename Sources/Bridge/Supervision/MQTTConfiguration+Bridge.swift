import BridgeConfig
import MQTT
import MQTTClient
import Mapping

extension MQTTConfiguration {
  /// What `[mqtt]` says, with the bridge's names and its will.
  init(_ configuration: BridgeConfiguration, tree: TopicTree) {
    let section = configuration.mqtt
    let endpoint: Endpoint =
      switch section.endpoint {
      case .tcp(let host, let port): .tcp(host: host, port: port)
      case .unix(let path): .unix(path: path)
      case .tls(let host, let port):
        .tls(
          host: host, port: port,
          TLS(
            caFile: section.caFile, clientCertificateFile: section.clientCertificateFile,
            clientKeyFile: section.clientKeyFile))
      }
    self.init(
      endpoint: endpoint, version: section.protocolVersion == .v5 ? .v5 : .v311,
      outboundClientID: configuration.bridge.name + "-out", username: section.username,
      password: section.password.map { String(decoding: $0.bytes, as: UTF8.self) }, keepalive: section.keepalive,
      sessionExpiry: section.sessionExpiry,
      will: Will(
        topic: tree.state, payload: BridgeState.offline.json,
        properties: PublishMarks.properties(bridge: configuration.bridge.name)))
  }
}
