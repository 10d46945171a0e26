import COpenSSL
import TLSEngine
import Testing

@Suite("TLS handshake and data")
struct HandshakeTests {
  static let versions: [CInt] = [TLS1_2_VERSION, TLS1_3_VERSION]

  let authority: CertificateAuthority
  let files: CertificateFiles
  let trusting: TLSConfiguration

  init() throws {
    authority = try CertificateAuthority()
    files = try authority.leaf("DNS:example.org")
    trusting = TLSConfiguration(caFile: authority.root.certificate, useSystemRoots: false)
  }

  @Test("establishes and carries data both ways", arguments: versions)
  func carriesData(version: CInt) throws {
    let link = try Link(trusting, TLSServer(files, version: version))
    #expect(link.client.facts == nil)
    try link.connect()
    let facts = try #require(link.client.facts)
    #expect(facts.version == (version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"))
    #expect(!facts.cipher.isEmpty)
    #expect(facts.leafSHA256 == (try authority.fingerprint(of: files)))
    try link.client.write(Array("ping".utf8))
    #expect(try link.serverReads() == Array("ping".utf8))
    try link.server.write(Array("pong".utf8))
    #expect(try link.clientReads() == Array("pong".utf8))
  }

  @Test("sends the name it wants, and ALPN, and needs no answer to either")
  func sendsServerName() throws {
    let link = try Link(trusting, TLSServer(files))
    try link.connect()
    #expect(link.server.serverNameIndication == "example.org")
    #expect(link.server.applicationProtocol == "xmpp-client")
    var silent = trusting
    silent.alpn = []
    let other = try Link(silent, TLSServer(files))
    try other.connect()
    #expect(other.server.applicationProtocol == "")
    #expect(other.client.facts != nil)
  }

  @Test("takes ciphertext byte by byte", arguments: versions)
  func takesSingleBytes(version: CInt) throws {
    let link = try Link(trusting, TLSServer(files, version: version))
    try link.connect(piece: 1)
    try link.server.write(Array("one at a time".utf8))
    #expect(try link.clientReads(piece: 1) == Array("one at a time".utf8))
  }

  @Test("carries a mebibyte both ways", arguments: versions)
  func carriesMuch(version: CInt) throws {
    let link = try Link(trusting, TLSServer(files, version: version))
    try link.connect()
    let bytes = (0..<1_048_576).map { (index: Int) -> UInt8 in UInt8(truncatingIfNeeded: index * 31 + index / 256) }
    try link.client.write(bytes)
    #expect(try link.serverReads() == bytes)
    try link.server.write(bytes)
    #expect(try link.clientReads(piece: 1000) == bytes)
  }

  @Test("presents the client certificate", arguments: versions)
  func presentsClientCertificate(version: CInt) throws {
    let own = try authority.leaf("email:bot@example.org", clientPurpose: true)
    var configuration = trusting
    configuration.clientCertificateFile = own.certificate
    configuration.clientKeyFile = own.key
    let link = try Link(
      configuration, TLSServer(files, version: version, clientRoots: authority.root.certificate))
    try link.connect()
    #expect(link.server.hasClientCertificate)
  }

  @Test("says goodbye once, and then writes no more")
  func saysGoodbye() throws {
    let link = try Link(trusting, TLSServer(files))
    try link.connect()
    link.client.close()
    #expect(!link.client.takeCiphertext().isEmpty)
    link.client.close()
    #expect(link.client.takeCiphertext().isEmpty)
    #expect(throws: TLSError.protocolFailure("the connection is closed")) { try link.client.write([1]) }
    try link.server.write([7])
    #expect(try link.clientReads() == [7])
  }

  @Test("closing before the handshake is done says nothing")
  func closesEarly() throws {
    let link = try Link(trusting, TLSServer(files))
    link.client.close()
    #expect(link.client.takeCiphertext().isEmpty)
  }

  @Test("reports the server's goodbye as closed", arguments: versions)
  func hearsGoodbye(version: CInt) throws {
    let link = try Link(trusting, TLSServer(files, version: version))
    try link.connect()
    try link.server.write([1, 2])
    link.server.close()
    link.client.receive(link.server.takeCiphertext())
    var bytes: [UInt8] = []
    #expect(try link.client.read(into: &bytes) == .data(2))
    #expect(try link.client.read(into: &bytes) == .closed)
    #expect(bytes == [1, 2])
  }

  @Test("an end without goodbye is a plain disconnect, also in the middle of a record")
  func endsWithoutGoodbye() throws {
    let link = try Link(trusting, TLSServer(files))
    try link.connect()
    try link.server.write([1, 2])
    try link.server.write([3, 4])
    link.client.receive(link.server.takeCiphertext().dropLast())
    link.client.receiveEnd()
    var bytes: [UInt8] = []
    #expect(try link.client.read(into: &bytes) == .data(2))
    #expect(try link.client.read(into: &bytes) == .closed)
    #expect(bytes == [1, 2])
  }

  @Test("an end during the handshake is a failure")
  func endsDuringHandshake() throws {
    let link = try Link(trusting, TLSServer(files))
    #expect(try link.client.handshake() == false)
    link.client.receiveEnd()
    let expected = TLSError.protocolFailure("the server closed the connection during the handshake")
    #expect(throws: expected) { try link.client.handshake() }
    #expect(throws: expected) { try link.client.handshake() }
  }

  @Test("before the handshake is done nothing is read and nothing written")
  func waitsForHandshake() throws {
    let link = try Link(trusting, TLSServer(files))
    var bytes: [UInt8] = []
    #expect(try link.client.read(into: &bytes) == .wantsMore)
    #expect(throws: TLSError.protocolFailure("the handshake is not done")) { try link.client.write([1]) }
  }

  @Test("a server that does not speak TLS is a failure")
  func refusesPlaintext() throws {
    let link = try Link(trusting, TLSServer(files))
    _ = try link.client.handshake()
    link.client.receive(Array("<?xml version='1.0'?><stream:stream>".utf8))
    let error = #expect(throws: TLSError.self) { try link.client.handshake() }
    #expect(error?.description == "TLS failed: wrong version number")
    #expect(link.client.facts == nil)
  }

  @Test("a damaged record breaks the connection off, for good")
  func refusesDamagedRecord() throws {
    let link = try Link(trusting, TLSServer(files))
    try link.connect()
    try link.server.write(Array("secret".utf8))
    var record = link.server.takeCiphertext()
    record[record.count - 1] ^= 1
    link.client.receive(record)
    var bytes: [UInt8] = []
    let expected = TLSError.protocolFailure("decryption failed or bad record mac")
    #expect(throws: expected) { try link.client.read(into: &bytes) }
    #expect(throws: expected) { try link.client.read(into: &bytes) }
    #expect(throws: expected) { try link.client.write([1]) }
    #expect(bytes.isEmpty)
    #expect(!link.client.takeCiphertext().isEmpty, "the alert")
  }

  @Test("a server of TLS 1.1 is refused")
  func refusesOldVersion() throws {
    let link = try Link(trusting, TLSServer(files))
    _ = try link.client.handshake()
    // Alert "protocol version", as a server sends it that knows nothing newer.
    link.client.receive([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46])
    let error = #expect(throws: TLSError.self) { try link.client.handshake() }
    #expect(error?.description == "TLS failed: tlsv1 alert protocol version (SSL alert number 70)")
  }

  @Test("a handshake with a damaged byte anywhere never establishes", arguments: versions)
  func refusesDamagedHandshake(version: CInt) throws {
    let server = try TLSServer(files, version: version)
    let length = try serverFlight(Link(trusting, server)).count
    for position in stride(from: 0, to: length, by: 11) {
      let link = try Link(trusting, TLSServer(files, version: version))
      var flight = try serverFlight(link)
      // Signatures vary by a byte or two in length.
      flight[min(position, flight.count - 1)] ^= 0x20
      link.client.receive(flight)
      do {
        // A length that has grown makes the client wait for more, until the connection ends.
        #expect(try !link.client.handshake(), "byte \(position)")
        link.client.receiveEnd()
        link.server.receive(link.client.takeCiphertext())
        #expect(throws: TLSError.self) { try link.client.handshake() }
      } catch {
        #expect(link.client.facts == nil)
      }
    }
  }

  /// What the server answers to the client's hello.
  private func serverFlight(_ link: Link) throws -> [UInt8] {
    _ = try link.client.handshake()
    link.server.receive(link.client.takeCiphertext())
    _ = try link.server.handshake()
    return link.server.takeCiphertext()
  }

  @Test("a server that misses the client's certificate says so")
  func reportsMissingCertificate() throws {
    let link = try Link(trusting, TLSServer(files, clientRoots: authority.root.certificate))
    // On TLS 1.3 the client is done before the server has looked.
    while try !link.client.handshake() {
      link.server.receive(link.client.takeCiphertext())
      _ = try? link.server.handshake()
      link.client.receive(link.server.takeCiphertext())
    }
    link.server.receive(link.client.takeCiphertext())
    _ = try? link.server.handshake()
    link.client.receive(link.server.takeCiphertext())
    var bytes: [UInt8] = []
    let error = #expect(throws: TLSError.self) { try link.client.read(into: &bytes) }
    #expect(error?.description == "TLS failed: tlsv13 alert certificate required (SSL alert number 116)")
  }

  @Test("one session's failure is not blamed on another")
  func keepsErrorsApart() throws {
    let broken = try Link(trusting, TLSServer(files))
    let sound = try Link(trusting, TLSServer(files))
    _ = try broken.client.handshake()
    broken.client.receive(Array("HTTP/1.1 400 Bad Request".utf8))
    #expect(throws: TLSError.self) { try broken.client.handshake() }
    try sound.connect()
    #expect(sound.client.facts != nil)
  }
}
