import MQTT
import MQTTClient
import TestSupport
import Testing

@Suite("TLS to the broker", .timeLimit(.minutes(3)))
struct TLSTests {
  private func configuration(
    _ server: MosquittoServer, host: String = "127.0.0.1", _ tls: MQTTConfiguration.TLS
  ) throws -> MQTTConfiguration {
    let port = try #require(server.tlsPort)
    return MQTTConfiguration(endpoint: .tls(host: host, port: UInt16(port), tls), outboundClientID: "test-out")
  }

  private func refusal(_ rig: Rig) async throws -> String {
    let reason = try await rig.out.disconnected()
    await rig.service.stop(within: .zero)
    guard case .tls(let text) = reason else { throw TestFailure("\(reason)") }
    return text
  }

  @Test("connects, both ways, to a certificate of a CA that is trusted", arguments: ["127.0.0.1", "localhost"])
  func connects(_ host: String) async throws {
    let certificates = try await Certificates()
    let pair = try await certificates.issue("broker")
    let server = try await MosquittoServer.start(options { $0.tls = pair })
    let rig = try Rig(configuration(server, host: host, .init(caFile: certificates.authority)))
    let (recorder, id) = try rig.add(["t"])
    recorder.releaseEverything(rig.service, id)
    _ = try await recorder.subscribed()
    let texts = numbers(1...2_000)
    let answers = try await rig.publish("t", texts)
    #expect(answers.allSatisfy { $0.refusal == nil })
    #expect(try await recorder.received(2_000).map(\.text) == texts)
    #expect(await rig.service.stop())
  }

  @Test("holds its acknowledgements back over TLS as well")
  func gated() async throws {
    let certificates = try await Certificates()
    let pair = try await certificates.issue("broker")
    let server = try await MosquittoServer.start(options { $0.tls = pair })
    let rig = try Rig(configuration(server, .init(caFile: certificates.authority)))
    let (recorder, id) = try rig.add(["t"], hold: 4)
    _ = try await recorder.subscribed()
    try await rig.publish("t", numbers(1...40))
    _ = try await recorder.received(4)
    let mark = recorder.events.count
    rig.service.suspend(id)
    rig.service.resume(id)
    let again = try await recorder.received(4, from: mark)
    #expect(again.prefix(4).map(\.text) == numbers(1...4))
    recorder.releaseEverything(rig.service, id)
    _ = try await recorder.events.first("the last", from: mark) { $0.message?.text == "40" }
    await rig.service.stop()
  }

  @Test("says whom it does not trust")
  func untrusted() async throws {
    let certificates = try await Certificates()
    let other = try await Certificates(authorityName: "Another CA")
    let pair = try await certificates.issue("broker")
    let server = try await MosquittoServer.start(options { $0.tls = pair })
    let wrongCA = try Rig(configuration(server, .init(caFile: other.authority)))
    #expect(
      try await refusal(wrongCA) == "the broker's certificate is not trusted: unable to get local issuer certificate")
    let systemRoots = try Rig(configuration(server, .init()))
    #expect(
      try await refusal(systemRoots)
        == "the broker's certificate is not trusted: unable to get local issuer certificate")
    let noFile = try Rig(configuration(server, .init(caFile: "/nonexistent/ca.pem")))
    #expect(try await refusal(noFile) == "cannot read /nonexistent/ca.pem: No such file or directory")
  }

  @Test("says that a certificate is for another host, or too old")
  func wrongCertificate() async throws {
    let certificates = try await Certificates()
    let elsewhere = try await certificates.issue("elsewhere", names: ["DNS:elsewhere.example"])
    let first = try await MosquittoServer.start(options { $0.tls = elsewhere })
    let wrongHost = try Rig(configuration(first, .init(caFile: certificates.authority)))
    let why = try await refusal(wrongHost)
    #expect(why == "the broker's certificate is not for 127.0.0.1")
    let expired = try await certificates.issue("expired", expired: true)
    let second = try await MosquittoServer.start(options { $0.tls = expired })
    let tooOld = try Rig(configuration(second, .init(caFile: certificates.authority)))
    #expect(try await refusal(tooOld) == "the broker's certificate is not trusted: certificate has expired")
  }

  @Test("shows its own certificate to a broker that asks for one")
  func clientCertificate() async throws {
    let certificates = try await Certificates()
    let pair = try await certificates.issue("broker")
    let ours = try await certificates.issue("client", names: ["DNS:client"])
    let server = try await MosquittoServer.start(
      options {
        $0.tls = pair
        $0.clientAuthority = certificates.authority
      })
    let tls = MQTTConfiguration.TLS(
      caFile: certificates.authority, clientCertificateFile: ours.certificate, clientKeyFile: ours.key)
    let rig = try Rig(configuration(server, tls))
    _ = try await rig.out.connected()
    await rig.service.stop()
    let without = try Rig(configuration(server, .init(caFile: certificates.authority)))
    let why = try await refusal(without)
    // In TLS 1.3 the broker's alert comes behind the handshake, or its hanging up comes first.
    #expect(why.contains("certificate"))
  }
}
