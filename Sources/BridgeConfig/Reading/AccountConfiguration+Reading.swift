internal import Mapping
internal import XMPP

extension AccountConfiguration {
  /// Reads every `[[account]]`.
  static func all(of document: TableReader, _ context: ReadingContext) -> [AccountConfiguration] {
    let tables = document.tables("account")
    if case .array(let elements) = document.node("account")?.value ?? .array([]), elements.isEmpty {
      context.faults.error(
        "no account; add [[account]] with name, jid and password_file",
        at: document.node("account")?.keyPosition ?? document.position)
    }
    var names: Set<String> = []
    var addresses: Set<JID> = []
    return tables.compactMap { table in
      let name = table.require("name", .accountName)
      let jid = table.require("jid", .accountJID)
      if let name, !names.insert(name.value).inserted {
        context.faults.error(
          "account.name \(Quoted(name.value)) is taken by another account; choose another name", at: name.position)
      }
      if let jid, !jid.value.isBare, !addresses.insert(jid.value).inserted {
        context.faults.error(
          "account.jid \(Quoted(jid.value.description)) is logged in by another account; give it another resource",
          at: jid.position)
      }
      return AccountConfiguration(name: name?.value, jid: jid?.value, table, context)
    }
  }

  /// Reads the other keys of an account, whether or not `name` and `jid` could be read; nil if they could not.
  private init?(name: String?, jid: JID?, _ table: TableReader, _ context: ReadingContext) {
    let login = Login(table, context)
    let link = Link(table, context, domain: jid?.domainpart)
    let keepalive = table.read(
      "keepalive", .duration(in: .seconds(1)...Duration.seconds(86_400), example: #""30s""#))
    let status = table.read("status", .word(example: StatusSelection.all))
    let rooms = RoomConfiguration.all(ofAccount: table, jid: jid, context)
    let access = AccessPolicy(table)
    let binary = BinaryMode(table)
    InactiveSettings.readKeys(ofAccount: table)
    table.finish()
    guard let name, let jid else { return nil }
    self.init(
      name: name, jid: jid, password: login.password, clientCertificateFile: login.certificateFile,
      clientKeyFile: login.keyFile, server: link.server, tls: link.tls, trust: link.trust, rooms: rooms, access: access)
    if let keepalive { self.keepalive = keepalive.value }
    if let status { self.status = status.value }
    if let binary { self.binary = binary }
  }
}

/// How an account shows who it is.
private struct Login {
  var password: Secret?
  var certificateFile: String?
  var keyFile: String?

  init(_ table: TableReader, _ context: ReadingContext) {
    let secret = context.secret("password", in: table, example: "secrets/home")
    password = secret.secret
    certificateFile = context.pemFile("client_cert", in: table, example: "secrets/home.crt")
    keyFile = context.pemFile("client_key", in: table, example: "secrets/home.key")
    if let node = table.node("client_key"), table.node("client_cert") == nil {
      context.faults.error("account.client_key without account.client_cert; give both", at: node.keyPosition)
    }
    if case .absent = secret, table.node("client_cert") == nil {
      context.faults.error(
        """
        \(table.title) has no password; write password_file = "secrets/home" (or password, password_env, or \
        client_cert)
        """, at: table.position)
    }
  }
}

/// Where an account's server is, and how the link to it is protected.
private struct Link {
  var server: XMPPServer
  var tls: TLSMode
  var trust: TrustConfiguration

  init(_ table: TableReader, _ context: ReadingContext, domain: String?) {
    let mode = table.read("tls", .word(example: TLSMode.startTLS))
    tls = mode?.value ?? .startTLS
    let host = table.read("host", .host)
    let port = table.read("port", .count(in: 1...65_535, example: 5222))
    let name = host?.value ?? domain.map(HostName.withoutBrackets)
    let isGiven = host != nil || port != nil
    if let name, isGiven || tls == .plaintext {
      // In the clear nobody is asked where the server is: the answer might lead off this machine.
      server = .fixed(host: name, port: port.map { UInt16($0.value) } ?? (tls == .direct ? 5223 : 5222))
    } else {
      server = .discovered
    }
    trust = TrustConfiguration(table.table("trust"), context)

    if let mode, tls == .plaintext {
      if let name, table.node("host") == nil || host != nil, !HostName.isLoopback(name) {
        context.faults.error(
          """
          account.tls is "none", which is for this machine only, and \(Quoted(name)) is not loopback; use \
          "starttls" or "direct"
          """, at: mode.position)
      }
      if let node = table.node("trust") {
        context.faults.warning("account.trust has no effect on a link without TLS", at: node.keyPosition)
      }
    }
  }
}

extension TrustConfiguration {
  /// Reads `trust`; a table that is not there trusts nobody besides the system's roots.
  fileprivate init(_ table: TableReader?, _ context: ReadingContext) {
    self.init()
    guard let table else { return }
    caFile = context.pemFile("ca_file", in: table, example: "/etc/ssl/home-ca.pem")
    pins = table.list("pin_sha256", .fingerprint)?.map(\.value) ?? []
    table.finish()
  }
}

extension BinaryMode {
  private enum Word: String, CaseIterable {
    case upload, base64, drop
  }

  /// Reads `binary`; nil if it is not there.
  fileprivate init?(_ table: TableReader) {
    guard let word = table.read("binary", .word(example: Word.base64)) else { return nil }
    switch word.value {
    case .base64: self = .base64
    case .drop: self = .drop
    case .upload:
      self = .base64
      table.faults.warning(
        "account.binary \"upload\" has no effect in this version: \"base64\" is used", at: word.position)
    }
  }
}

// MARK: - Forms

extension ValueForm<String> {
  fileprivate static var accountName: ValueForm {
    .string(example: #""home""#) { text throws(Misfit) in
      if let fault = TopicNames.fault(inName: text) {
        throw .badName(fault, fault.reason == .reserved ? "choose another" : Misfit.nameAdvice)
      }
      return text
    }
  }

  fileprivate static var host: ValueForm {
    .string("a host name or an address", example: #""127.0.0.1""#) { text throws(Misfit) in
      let name = HostName.withoutBrackets(text)
      guard HostName.isValid(name) else {
        let advice =
          text.contains(":") ? "a port is written as port = 5222" : #"write host = "xmpp.example.org""#
        throw .content("is \(Quoted(text)), which is no host name or address; \(advice)")
      }
      return name
    }
  }
}

extension ValueForm<JID> {
  fileprivate static var accountJID: ValueForm {
    .string("a JID", example: #""bot@example.org""#) { text throws(Misfit) in
      let jid: JID
      do {
        jid = try JID(text)
      } catch {
        throw .content("is \(Quoted(text)), which is no JID: \(error); write one like \"bot@example.org\"")
      }
      guard jid.localpart != nil else {
        throw .content("is \(Quoted(text)), which is a domain; an account is written like \"bot@\(jid.domainpart)\"")
      }
      return jid
    }
  }
}

extension ValueForm<[UInt8]> {
  fileprivate static var fingerprint: ValueForm {
    .string(example: #""AB:CD:…""#) { text throws(Misfit) in
      guard let digest = Fingerprint.parse(text) else {
        throw .content("is \(Quoted(text)); \(Fingerprint.advice)")
      }
      return digest
    }
  }
}
