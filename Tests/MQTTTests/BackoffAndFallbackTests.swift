import MQTT
import Testing

@Suite("ReconnectBackoff")
struct ReconnectBackoffTests {
  @Test("doubles from half a second to half a minute while nothing answers")
  func doubles() {
    var backoff = ReconnectBackoff()
    let delays = (0..<9).map { _ in backoff.delay(now: .zero, loginRefused: false, random: 0.5) }
    #expect(delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
  }

  @Test("comes back at once after a connection that had lasted")
  func settled() {
    var backoff = ReconnectBackoff()
    for _ in 0..<5 { _ = backoff.delay(now: .zero, loginRefused: false, random: 0.5) }
    backoff.connected(now: .seconds(100))
    #expect(backoff.delay(now: .seconds(200), loginRefused: false, random: 0.5) == .zero)
    #expect(backoff.delay(now: .seconds(201), loginRefused: false, random: 0.5) == .milliseconds(500))
  }

  @Test("goes on counting after connections that do not last")
  func flapping() {
    var backoff = ReconnectBackoff()
    var now = Duration.zero
    var delays: [Duration] = []
    for _ in 0..<4 {
      backoff.connected(now: now)
      now += .seconds(1)
      delays.append(backoff.delay(now: now, loginRefused: false, random: 0.5))
    }
    #expect(delays == [0.5, 1, 2, 4].map { .seconds($0) })
  }

  @Test("never repeats a refused login within a minute")
  func refused() {
    var backoff = ReconnectBackoff()
    #expect(backoff.delay(now: .zero, loginRefused: true, random: 0) >= .seconds(60))
  }

  @Test("varies by a fifth")
  func jitter() {
    var low = ReconnectBackoff()
    var high = ReconnectBackoff()
    #expect(low.delay(now: .zero, loginRefused: false, random: 0) == .milliseconds(400))
    #expect(high.delay(now: .zero, loginRefused: false, random: 0.99) < .milliseconds(600))
  }
}

@Suite("ProtocolFallback")
struct ProtocolFallbackTests {
  @Test("takes 3.1.1 when 5 is refused")
  func refused() {
    var fallback = ProtocolFallback(preferred: .v5)
    #expect(fallback.refused(.v5) == true)
    #expect(fallback.version == .v311)
    fallback.accepted(.v311)
    fallback.lost()
    #expect(fallback.version == .v311)
  }

  @Test("takes three silent closes in a row for a refusal, and goes back if 3.1.1 is met with silence too")
  func silent() {
    var fallback = ProtocolFallback(preferred: .v5)
    for _ in 0..<2 { fallback.closedSilently(.v5) }
    #expect(fallback.version == .v5)
    fallback.closedSilently(.v5)
    #expect(fallback.version == .v311)
    fallback.closedSilently(.v311)
    #expect(fallback.version == .v5)
  }

  @Test("tries 5 again after a connection that came about by a guess")
  func guess() {
    var fallback = ProtocolFallback(preferred: .v5)
    for _ in 0..<3 { fallback.closedSilently(.v5) }
    fallback.accepted(.v311)
    #expect(fallback.version == .v311)
    fallback.lost()
    #expect(fallback.version == .v5)
  }

  @Test("does not believe that a broker has forgotten 5")
  func spoken() {
    var fallback = ProtocolFallback(preferred: .v5)
    fallback.accepted(.v5)
    for _ in 0..<10 { fallback.closedSilently(.v5) }
    #expect(fallback.version == .v5)
  }

  @Test("follows another connection that has found out already")
  func others() {
    var fallback = ProtocolFallback(preferred: .v5)
    #expect(fallback.refused(.v5) == true)
    #expect(fallback.refused(.v5) == true)
    #expect(fallback.version == .v311)
    fallback.closedSilently(.v5)
    #expect(fallback.version == .v311)
  }

  @Test("never leaves 3.1.1 that was asked for")
  func fixed() {
    var fallback = ProtocolFallback(preferred: .v311)
    #expect(fallback.refused(.v311) == false)
    fallback.closedSilently(.v311)
    fallback.closedSilently(.v311)
    #expect(fallback.version == .v311)
  }

  @Test("names codes as the specification does and knows which are for good")
  func reasonCodes() {
    #expect(ReasonCode.packetTooLarge.description == "Packet too large (0x95)")
    #expect(ReasonCode(rawValue: 0xFE).description == "0xFE")
    let forGood = (0...255).map { ReasonCode(rawValue: UInt8($0)) }.filter(\.refusesForGood).map(\.rawValue)
    #expect(forGood == [0x87, 0x90, 0x95, 0x99])
    #expect(ReasonCode(connectReturnCode: 4) == .badUserNameOrPassword)
    #expect(!ReasonCode.noMatchingSubscribers.isError)
  }
}
