import Testing

@testable import Bridge

@Suite struct DisturbanceTests {
  @Test func beginningAndEndAreToldOnce() {
    var disturbance = Disturbance()
    #expect(disturbance.news(now: .zero) == nil)
    disturbance.set(true)
    #expect(disturbance.news(now: .seconds(1)) == .began)
    disturbance.set(true)
    #expect(disturbance.news(now: .seconds(500)) == nil)
    #expect(disturbance.deadline == nil)
    disturbance.set(false)
    #expect(disturbance.news(now: .seconds(501)) == .ended)
    #expect(disturbance.news(now: .seconds(502)) == nil)
  }

  @Test func whatComesAndGoesIsToldOnceAMinute() {
    var disturbance = Disturbance()
    var told: [Disturbance.News] = []
    for second in 0..<600 {
      for isOn in [true, false] {
        disturbance.set(isOn)
        if let news = disturbance.news(now: .seconds(second)) { told.append(news) }
      }
    }
    #expect(told.count == 20)
    #expect(told.count { $0 == .began } == 10)
  }

  @Test func aRelapseThatLastsIsToldWhenItsTimeHasCome() {
    var disturbance = Disturbance()
    disturbance.set(true)
    #expect(disturbance.news(now: .seconds(10)) == .began)
    disturbance.set(false)
    #expect(disturbance.news(now: .seconds(11)) == .ended)
    disturbance.set(true)
    #expect(disturbance.news(now: .seconds(12)) == nil)
    #expect(disturbance.deadline == .seconds(70))
    #expect(disturbance.news(now: .seconds(69)) == nil)
    #expect(disturbance.news(now: .seconds(70)) == .began)
    #expect(disturbance.deadline == nil)
  }

  @Test func theEndOfWhatWasNotToldIsNotTold() {
    var disturbance = Disturbance()
    disturbance.set(true)
    _ = disturbance.news(now: .zero)
    disturbance.set(false)
    _ = disturbance.news(now: .seconds(1))
    disturbance.set(true)
    _ = disturbance.news(now: .seconds(2))
    disturbance.set(false)
    #expect(disturbance.news(now: .seconds(3)) == nil)
    #expect(disturbance.deadline == nil)
  }
}
