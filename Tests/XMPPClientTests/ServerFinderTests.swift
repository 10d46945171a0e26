import NIOCore
import NIOEmbedded
import Platform
import Testing
import XMPP
import XMPPClient

@Suite struct ServerFinderTests {
  /// Asks a finder whose DNS is a table; what is not in it does not exist.
  private func find(
    _ location: ServerLocation, place: String? = nil, dns: [String: SRVAnswer] = [:]
  ) throws -> (endpoints: [String], asked: Set<String>) {
    let names = Asked()
    let finder = ServerFinder { name, completion in
      names.names.withLock { _ = $0.insert(name) }
      completion(dns[name] ?? .none)
    }
    let endpoints = try finder.endpoints(of: location, place: place, on: EmbeddedEventLoop()).wait()
    return (endpoints.map(\.description), names.names.withLock { $0 })
  }

  private final class Asked: Sendable {
    let names = Lock<Set<String>>([])
  }

  private let records = [
    "_xmpps-client._tcp.example.org": SRVAnswer.records([
      SRVRecord(priority: 1, weight: 1, port: 443, target: "direct.example.org")
    ]),
    "_xmpp-client._tcp.example.org": SRVAnswer.records([
      SRVRecord(priority: 2, weight: 1, port: 5222, target: "start.example.org")
    ]),
  ]

  @Test func dnsIsAskedForBothServices() throws {
    let found = try find(ServerLocation(domain: "example.org"), dns: records)
    #expect(found.endpoints == ["direct.example.org:443 (direct TLS)", "start.example.org:5222"])
    #expect(found.asked == Set(records.keys))
  }

  @Test func directTLSIsAskedForAloneWhenWanted() throws {
    let found = try find(ServerLocation(domain: "example.org", security: .directTLS), dns: records)
    #expect(found.endpoints == ["direct.example.org:443 (direct TLS)"])
    #expect(found.asked == ["_xmpps-client._tcp.example.org"])
    #expect(
      try find(ServerLocation(domain: "example.org", security: .directTLS)).endpoints
        == ["example.org:5223 (direct TLS)"])
  }

  @Test func withoutRecordsTheDomainIsTheServer() throws {
    #expect(try find(ServerLocation(domain: "example.org")).endpoints == ["example.org:5222"])
  }

  @Test func hostOrPortOrAddressMakesTheDNSNeedless() throws {
    let locations = [
      (ServerLocation(domain: "example.org", host: "127.0.0.1"), "127.0.0.1:5222"),
      (ServerLocation(domain: "example.org", host: "::1", port: 15222), "[::1]:15222"),
      (ServerLocation(domain: "example.org", host: "h", security: .directTLS), "h:5223 (direct TLS)"),
      (ServerLocation(domain: "example.org", port: 5333), "example.org:5333"),
      (ServerLocation(domain: "192.0.2.1"), "192.0.2.1:5222"),
      (ServerLocation(domain: "[2001:db8::1]"), "[2001:db8::1]:5222"),
      (ServerLocation(domain: "localhost", security: .none), "localhost:5222"),
    ]
    for (location, expected) in locations {
      let found = try find(location, dns: records)
      #expect(found.endpoints == [expected])
      #expect(found.asked.isEmpty)
    }
  }

  @Test func domainThatSaysNoIsUnreachable() {
    let no = SRVAnswer.records([SRVRecord(priority: 0, weight: 0, port: 0, target: "")])
    #expect(throws: ConnectionEnd.unreachable("example.org says that it has no XMPP service")) {
      try find(ServerLocation(domain: "example.org"), dns: ["_xmpp-client._tcp.example.org": no])
    }
  }

  @Test func internationalisedDomainIsAskedForByItsALabels() throws {
    let found = try find(ServerLocation(domain: "bücher.example"))
    #expect(found.asked == ["_xmpps-client._tcp.xn--bcher-kva.example", "_xmpp-client._tcp.xn--bcher-kva.example"])
    #expect(found.endpoints == ["xn--bcher-kva.example:5222"])
  }

  @Test(
    arguments: [
      ("example.org", "example.org"), ("bücher.example", "xn--bcher-kva.example"), ("faß.de", "xn--fa-hia.de"),
      ("[2001:db8::1]", "2001:db8::1"), ("192.0.2.1", "192.0.2.1"), ("\u{1F4A9}.la", nil),
      (String(repeating: "ü", count: 80) + ".de", nil),
    ] as [(String, String?)])
  func certificateBearsTheALabels(domain: String, name: String?) {
    #expect(ServerLocation(domain: domain).serverName == name)
  }

  @Test func placeThatTheServerWantsComesFirst() throws {
    let wanted = try find(ServerLocation(domain: "example.org"), place: "node2.example.org:5224", dns: records)
    #expect(
      wanted.endpoints == [
        "node2.example.org:5224 (direct TLS)", "direct.example.org:443 (direct TLS)", "start.example.org:5222",
      ])
    #expect(
      try find(ServerLocation(domain: "example.org", host: "h"), place: "[2001:db8::2]").endpoints
        == ["[2001:db8::2]:5222", "h:5222"])
    #expect(
      try find(ServerLocation(domain: "example.org"), place: "direct.example.org:443", dns: records).endpoints.count
        == 2)
  }

  @Test func placeIsPassedOverWhereItCannotBeTrustedOrRead() throws {
    let clear = ServerLocation(domain: "localhost", security: .none)
    #expect(try find(clear, place: "evil.example").endpoints == ["localhost:5222"])
    #expect(try find(ServerLocation(domain: "example.org"), place: "not a host").endpoints == ["example.org:5222"])
  }

  @Test(
    arguments: [
      ("host", "host:5222"), ("host:1", "host:1"), ("192.0.2.1:65535", "192.0.2.1:65535"),
      ("[2001:db8::1]:5", "[2001:db8::1]:5"), ("[2001:db8::1]", "[2001:db8::1]:5222"),
      ("2001:db8::1", "[2001:db8::1]:5222"), ("", nil), (":5222", nil), ("host:", nil), ("host:0", nil),
      ("host:65536", nil), ("host:x", nil), ("[2001:db8::1", nil), ("[2001:db8::1]x", nil), ("[]", nil),
      ("a b", nil), ("a/b", nil), ("a\nb", nil),
    ] as [(String, String?)])
  func placesAreRead(place: String, description: String?) {
    #expect(XMPPEndpoint(place: place, isDirectTLS: false)?.description == description)
  }
}
