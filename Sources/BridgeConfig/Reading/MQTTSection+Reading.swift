extension MQTTSection {
  /// Reads `[mqtt]`. Without a usable `url`, which is reported, the rest is read as if it were the usual one.
  /// - Parameter document: the document, at which a missing table is reported.
  init(_ table: TableReader?, document: TableReader, _ context: ReadingContext) {
    self.init(endpoint: .tcp(host: "127.0.0.1", port: 1883))
    guard let table else {
      if document.node("mqtt") == nil {
        context.faults.error("[mqtt] is missing; write [mqtt] and \(BrokerURL.example)", at: document.position)
      }
      return
    }
    let url = table.require("url", .brokerURL)
    if let url { endpoint = url.value }
    readProtocol(table)
    readLogin(table, context)
    readCertificates(table, context, isEncrypted: url.map { $0.value.isEncrypted } ?? true)
    table.finish()
  }

  private mutating func readProtocol(_ table: TableReader) {
    if let setting = table.read("protocol", .word(example: MQTTProtocolVersion.v5)) {
      protocolVersion = setting.value
    }
    // libmosquitto takes no keepalive between one and four seconds; the protocol's field has 16 bits.
    let keepalives = Duration.seconds(5)...Duration.seconds(65_535)
    if let setting = table.read(
      "keepalive", .duration(in: keepalives, zero: true, wholeSeconds: true, example: #""60s""#))
    {
      keepalive = setting.value
    }
    // 32 bits; with zero the broker would forget with every cut what it holds for us.
    let expiries = Duration.seconds(1)...Duration.seconds(Int64(UInt32.max))
    if let setting = table.read("session_expiry", .duration(in: expiries, wholeSeconds: true, example: #""7d""#)) {
      sessionExpiry = setting.value
    }
  }

  private mutating func readLogin(_ table: TableReader, _ context: ReadingContext) {
    username = table.read("username", .text("a user name", example: #""bridge""#))?.value
    let secret = context.secret("password", in: table, example: "secrets/mqtt")
    password = secret.secret
    if case .given(_, let position) = secret, table.node("username") == nil {
      context.faults.error(
        "[mqtt] has a password and no username; write username = \"bridge\" as well", at: position)
    }
  }

  private mutating func readCertificates(_ table: TableReader, _ context: ReadingContext, isEncrypted: Bool) {
    caFile = context.pemFile("ca_file", in: table, example: "/etc/ssl/mqtt-ca.pem")
    clientCertificateFile = context.pemFile("client_cert", in: table, example: "secrets/mqtt.crt")
    clientKeyFile = context.pemFile("client_key", in: table, example: "secrets/mqtt.key")
    for (key, other) in [("client_cert", "client_key"), ("client_key", "client_cert")] {
      if let node = table.node(key), table.node(other) == nil {
        context.faults.error("mqtt.\(key) without mqtt.\(other); give both", at: node.keyPosition)
      }
    }
    guard !isEncrypted else { return }
    for key in ["ca_file", "client_cert", "client_key"] {
      guard let node = table.node(key) else { continue }
      context.faults.warning(
        "mqtt.\(key) has no effect on a link without TLS; write mqtts:// in url", at: node.keyPosition)
    }
  }
}

extension MQTTEndpoint {
  fileprivate var isEncrypted: Bool {
    if case .tls = self { true } else { false }
  }
}

extension ValueForm<MQTTEndpoint> {
  fileprivate static var brokerURL: ValueForm {
    .string("a URL", example: #""mqtt://127.0.0.1:1883""#) { text throws(Misfit) in try BrokerURL.parse(text) }
  }
}
