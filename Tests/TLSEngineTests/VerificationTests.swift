import COpenSSL
import Foundation
import TLSEngine
import Testing

@Suite("Certificate verification")
struct VerificationTests {
  let authority: CertificateAuthority
  let trusting: TLSConfiguration

  init() throws {
    authority = try CertificateAuthority()
    trusting = TLSConfiguration(caFile: authority.root.certificate, useSystemRoots: false)
  }

  private func refusal(
    _ configuration: TLSConfiguration, _ files: CertificateFiles, serverName: String = "example.org",
    version: CInt = TLS1_3_VERSION
  ) throws -> String {
    let link = try Link(configuration, TLSServer(files, version: version), serverName: serverName)
    let error = #expect(throws: TLSError.self) { try link.connect() }
    #expect(link.client.facts == nil)
    #expect(throws: (any Error).self, "the server is told") { try link.server.handshake() }
    return error?.description ?? ""
  }

  private func accepts(
    _ configuration: TLSConfiguration, _ files: CertificateFiles, serverName: String = "example.org"
  ) throws -> Bool {
    let link = try Link(configuration, TLSServer(files), serverName: serverName)
    try link.connect()
    return link.client.facts != nil
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  @Test("refuses a certificate for another name, on TLS 1.2 and 1.3", arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func refusesOtherName(version: CInt) throws {
    let files = try authority.leaf("DNS:example.com,DNS:*.org")
    let digest = hexadecimal(try authority.fingerprint(of: files))
    #expect(
      try refusal(trusting, files, serverName: "chat.example.org", version: version)
        == "hostname mismatch (verify 62): not valid for chat.example.org; the server's certificate has SHA-256 \(digest)"
    )
  }

  @Test("refuses an unknown issuer, and accepts it with its CA file")
  func needsIssuer() throws {
    let files = try authority.leaf("DNS:example.org")
    let other = try CertificateAuthority()
    let stranger = TLSConfiguration(caFile: other.root.certificate, useSystemRoots: false)
    #expect(try refusal(stranger, files).hasPrefix("unable to get local issuer certificate (verify 20); "))
    #expect(try refusal(TLSConfiguration(), files).hasPrefix("unable to get local issuer certificate (verify 20); "))
    #expect(try accepts(trusting, files))
    #expect(try accepts(TLSConfiguration(caFile: authority.root.certificate), files))
  }

  @Test("refuses an expired certificate")
  func refusesExpired() throws {
    let files = try authority.leaf("DNS:example.org", days: -1)
    #expect(try refusal(trusting, files).hasPrefix("certificate has expired (verify 10); "))
  }

  @Test("refuses a self-signed certificate, unless it is the CA file")
  func refusesSelfSigned() throws {
    let files = try authority.leaf("DNS:example.org", selfSigned: true)
    #expect(try refusal(trusting, files).hasPrefix("self-signed certificate (verify 18); "))
    #expect(try accepts(TLSConfiguration(caFile: files.certificate, useSystemRoots: false), files))
  }

  @Test("a leaf in the CA file is trusted without its issuer")
  func acceptsLeafAsAnchor() throws {
    let files = try authority.leaf("DNS:example.org")
    #expect(try accepts(TLSConfiguration(caFile: files.certificate, useSystemRoots: false), files))
  }

  @Test("a name in the subject alone does not count")
  func ignoresCommonName() throws {
    let files = try authority.leaf("", commonName: "example.org")
    #expect(try refusal(trusting, files).hasPrefix("hostname mismatch (verify 62)"))
  }

  @Test(
    "names are matched as RFC 9525 says",
    arguments: [
      ("DNS:*.example.org", "chat.example.org", true), ("DNS:*.example.org", "a.chat.example.org", false),
      ("DNS:*.example.org", "example.org", false), ("DNS:ch*.example.org", "chat.example.org", false),
      ("DNS:example.org", "EXAMPLE.org", true), ("DNS:example.org", "example.org.", true),
      ("DNS:xn--bcher-kva.example", "xn--bcher-kva.example", true),
      ("IP:127.0.0.1", "127.0.0.1", true), ("DNS:127.0.0.1", "127.0.0.1", false), ("IP:::1", "[::1]", true),
      ("IP:::1", "::2", false),
    ])
  func matchesNames(names: String, serverName: String, valid: Bool) throws {
    let files = try authority.leaf(names)
    if valid {
      #expect(try accepts(trusting, files, serverName: serverName))
    } else {
      #expect(try refusal(trusting, files, serverName: serverName).contains("mismatch (verify 6"))
    }
  }

  @Test("an address is not sent as a server name")
  func sendsNoAddress() throws {
    let files = try authority.leaf("IP:127.0.0.1")
    let link = try Link(trusting, TLSServer(files), serverName: "127.0.0.1")
    try link.connect()
    #expect(link.server.serverNameIndication == nil)
  }

  @Test("a pinned leaf is trusted whatever its issuer, name and validity")
  func trustsPin() throws {
    let files = try authority.leaf("DNS:example.com", days: -1, selfSigned: true)
    let pin = try authority.fingerprint(of: files)
    let other = [UInt8](repeating: 7, count: 32)
    #expect(try accepts(TLSConfiguration(useSystemRoots: false, pins: [other, pin]), files))
  }

  @Test("a leaf that matches no pin is refused, even if its chain is sound")
  func refusesChangedPin() throws {
    let files = try authority.leaf("DNS:example.org")
    var pinned = trusting
    pinned.pins = [[UInt8](repeating: 7, count: 32)]
    let digest = hexadecimal(try authority.fingerprint(of: files))
    #expect(try refusal(pinned, files) == "pin mismatch: the server's certificate has SHA-256 \(digest)")
  }

  @Test("the pin of the issuer is not one of the leaf")
  func pinsLeafOnly() throws {
    let files = try authority.leaf("DNS:example.org")
    var pinned = trusting
    pinned.pins = [try authority.fingerprint(of: authority.root)]
    #expect(try refusal(pinned, files).hasPrefix("pin mismatch"))
  }

  @Test("names what is wrong with a file, a pin or a name")
  func explainsConfiguration() throws {
    let own = try authority.leaf("DNS:bot", clientPurpose: true)
    let other = try authority.leaf("DNS:bot", clientPurpose: true)
    let locked = authority.directory.appending(path: "locked.key").path
    try authority.openssl(["ec", "-in", own.key, "-aes128", "-passout", "pass:secret", "-out", locked])
    let missing = authority.directory.appending(path: "missing.pem").path
    let faults: [(TLSConfiguration, String)] = [
      (TLSConfiguration(caFile: missing), "\(missing) is not a PEM file of certificates: "),
      (TLSConfiguration(caFile: own.key), "\(own.key) is not a PEM file of certificates: "),
      (TLSConfiguration(pins: [[1, 2, 3]]), "a pin has 3 bytes; a SHA-256 digest has 32"),
      (TLSConfiguration(clientCertificateFile: missing), "\(missing) is not a PEM file with a certificate: "),
      (TLSConfiguration(clientKeyFile: own.key), "\(own.key) has no certificate beside it"),
      (
        TLSConfiguration(clientCertificateFile: own.certificate),
        "\(own.certificate) holds no usable private key without a passphrase: "
      ),
      (
        TLSConfiguration(clientCertificateFile: own.certificate, clientKeyFile: locked),
        "\(locked) holds no usable private key without a passphrase: "
      ),
      (
        TLSConfiguration(clientCertificateFile: own.certificate, clientKeyFile: other.key),
        "\(other.key) holds no usable private key without a passphrase: "
      ),
      (TLSConfiguration(alpn: [""]), "an ALPN name has 1 to 255 bytes, \"\" has not"),
    ]
    for (configuration, text) in faults {
      let error = #expect(throws: TLSError.self) { try TLSContext(configuration) }
      #expect(error?.description.hasPrefix(text) == true, "\(String(describing: error))")
    }
    let context = try TLSContext(trusting)
    for name in ["", "bücher.example", "a b", "a\0b", String(repeating: "a", count: 254), "999.1.1.1"] {
      #expect(throws: TLSError.self) { try TLSSession(context: context, serverName: name) }
    }
  }
}
