/// Points in time as text: RFC 3339 out, XEP-0082 in. Milliseconds since 1970-01-01T00:00:00Z in both.
public enum Timestamp {
  /// The times that have a text: the years 0000 to 9999.
  private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999
  private static let millisecondsPerDay: Int64 = 86_400_000

  /// UTC with milliseconds: `2026-11-22T08:00:00.000Z`. What lies outside the years 0000 to 9999 becomes their limit.
  public static func rfc3339(_ milliseconds: Int64) -> String {
    let text = ascii(rfc3339: milliseconds)
    return unsafe text.span.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// What ``rfc3339(_:)`` says, as ASCII.
  public static func ascii(rfc3339 milliseconds: Int64) -> InlineArray<24, UInt8> {
    let time = min(max(milliseconds, range.lowerBound), range.upperBound)
    let days = (time >= 0 ? time : time - millisecondsPerDay + 1) / millisecondsPerDay
    let rest = UInt32(time - days * millisecondsPerDay)
    let (year, month, day) = date(ofDay: days)
    var text = InlineArray<24, UInt8>(repeating: UInt8(ascii: "0"))
    var position = 0
    func append(_ value: UInt32, digits: Int, then separator: Unicode.Scalar) {
      var left = value
      for place in (position..<(position + digits)).reversed() {
        text[place] += UInt8(truncatingIfNeeded: left % 10)
        left /= 10
      }
      text[position + digits] = UInt8(ascii: separator)
      position += digits + 1
    }
    append(UInt32(year), digits: 4, then: "-")
    append(UInt32(month), digits: 2, then: "-")
    append(UInt32(day), digits: 2, then: "T")
    append(rest / 3_600_000, digits: 2, then: ":")
    append(rest / 60_000 % 60, digits: 2, then: ":")
    append(rest / 1000 % 60, digits: 2, then: ".")
    append(rest % 1000, digits: 3, then: "Z")
    return text
  }

  /// Reads a DateTime of XEP-0082, `2026-11-22T09:00:00.123456+01:00`.
  ///
  /// Fractions finer than milliseconds are cut off; a leap second counts as the one before it.
  /// - Returns: nil if the text is none, or if there is no such day or time.
  public static func milliseconds(_ text: String) -> Int64? {
    var scanner = Scanner(bytes: Array(text.utf8))
    guard let year = scanner.number(digits: 4), scanner.take("-"),
      let month = scanner.number(digits: 2), scanner.take("-"),
      let day = scanner.number(digits: 2), scanner.take("T"),
      let hour = scanner.number(digits: 2), scanner.take(":"),
      let minute = scanner.number(digits: 2), scanner.take(":"),
      let second = scanner.number(digits: 2),
      let fraction = scanner.fraction(), let offset = scanner.zone(), scanner.isAtEnd,
      (1...12).contains(month), (1...length(ofMonth: month, year: year)).contains(day),
      hour < 24, minute < 60, second <= 60
    else { return nil }
    let seconds = hour * 3600 + minute * 60 + min(second, 59)
    return self.day(year: year, month: month, day: day) * millisecondsPerDay + seconds * 1000 + fraction
      - offset * 60_000
  }

  // MARK: - Calendar

  /// The number of days from 1970-01-01 to a date. Years are counted from March, so that a leap day is the last of one.
  private static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month > 2 ? year : year - 1
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func length(ofMonth month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  // MARK: - Reading

  private struct Scanner {
    let bytes: [UInt8]
    var offset = 0

    init(bytes: [UInt8]) {
      self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func number(digits: Int) -> Int64? {
      var value: Int64 = 0
      for _ in 0..<digits {
        guard let digit = digit() else { return nil }
        value = value * 10 + digit
      }
      return value
    }

    /// A separator; letters in either case, as RFC 3339 has it.
    mutating func take(_ separator: Unicode.Scalar) -> Bool {
      guard offset < bytes.count else { return false }
      let byte = bytes[offset]
      guard
        byte == UInt8(ascii: separator) || (separator.properties.isUppercase && byte == UInt8(ascii: separator) | 0x20)
      else { return false }
      offset += 1
      return true
    }

    /// `.123…` in milliseconds; 0 if there is none.
    mutating func fraction() -> Int64? {
      guard take(".") else { return 0 }
      guard let first = digit() else { return nil }
      var value = first * 100
      var weight: Int64 = 10
      while let digit = digit() {
        value += digit * weight
        weight /= 10
      }
      return value
    }

    /// `Z` or `±hh:mm` in minutes.
    mutating func zone() -> Int64? {
      if take("Z") { return 0 }
      let isWest = take("-")
      guard isWest || take("+"), let hours = number(digits: 2), take(":"), let minutes = number(digits: 2),
        hours < 24, minutes < 60
      else { return nil }
      return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }

    private mutating func digit() -> Int64? {
      guard offset < bytes.count, (0x30...0x39).contains(bytes[offset]) else { return nil }
      defer { offset += 1 }
      return Int64(bytes[offset] - 0x30)
    }
  }
}
