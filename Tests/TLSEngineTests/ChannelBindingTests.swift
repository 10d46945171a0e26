import COpenSSL
import TLSEngine
import Testing

@Suite("Channel bindings")
struct ChannelBindingTests {
  let authority: CertificateAuthority
  let trusting: TLSConfiguration

  init() throws {
    authority = try CertificateAuthority()
    trusting = TLSConfiguration(caFile: authority.root.certificate, useSystemRoots: false)
  }

  private func connected(
    _ files: CertificateFiles, version: CInt, extendedMasterSecret: Bool = true
  ) throws -> (bindings: [ChannelBindingType: [UInt8]], server: TLSServer) {
    let server = try TLSServer(files, version: version, extendedMasterSecret: extendedMasterSecret)
    let link = try Link(trusting, server)
    try link.connect()
    return (try #require(link.client.facts).channelBindings, server)
  }

  @Test("tls-exporter is the same on both sides of TLS 1.3, and another on the next link")
  func exportsKeyingMaterial() throws {
    let files = try authority.leaf("DNS:example.org")
    let first = try connected(files, version: TLS1_3_VERSION)
    let second = try connected(files, version: TLS1_3_VERSION)
    #expect(first.bindings[.tlsExporter]?.count == 32)
    #expect(first.bindings[.tlsExporter] == first.server.exportedKeyingMaterial())
    #expect(first.bindings[.tlsExporter] != second.bindings[.tlsExporter])
    #expect(first.bindings[.tlsUnique] == nil)
  }

  @Test("tls-unique is the client's Finished on both sides of TLS 1.2")
  func readsFinished() throws {
    let link = try connected(authority.leaf("DNS:example.org"), version: TLS1_2_VERSION)
    #expect(link.bindings[.tlsUnique]?.count == 12)
    #expect(link.bindings[.tlsUnique] == link.server.clientFinished())
    #expect(link.bindings[.tlsExporter] == nil)
  }

  @Test("tls-unique is not offered without the extended master secret")
  func needsExtendedMasterSecret() throws {
    let files = try authority.leaf("DNS:example.org")
    let link = try connected(files, version: TLS1_2_VERSION, extendedMasterSecret: false)
    #expect(link.bindings == [.tlsServerEndPoint: try authority.fingerprint(of: files)])
  }

  @Test(
    "tls-server-end-point hashes the certificate as its signature does, but never with SHA-1",
    arguments: [("sha256", "sha256"), ("sha384", "sha384"), ("sha512", "sha512"), ("sha1", "sha256")])
  func hashesCertificate(signature: String, digest: String) throws {
    let files = try authority.leaf("DNS:example.org", digest: signature, selfSigned: true)
    var configuration = trusting
    // Self-signed and pinned, because a chain with SHA-1 in it is refused by both sides.
    configuration.pins = [try authority.fingerprint(of: files)]
    let link = try Link(configuration, TLSServer(files))
    try link.connect()
    let binding = link.client.facts?.channelBindings[.tlsServerEndPoint]
    #expect(binding == (try authority.fingerprint(of: files, digest)))
  }

  @Test("tls-server-end-point is undefined for a signature without a hash")
  func skipsEdwardsCurves() throws {
    let files = try authority.leaf("DNS:example.org", selfSigned: true, key: "ED25519")
    let configuration = TLSConfiguration(useSystemRoots: false, pins: [try authority.fingerprint(of: files)])
    let link = try Link(configuration, TLSServer(files))
    try link.connect()
    #expect(link.client.facts?.channelBindings.keys.map(\.rawValue) == ["tls-exporter"])
  }
}
