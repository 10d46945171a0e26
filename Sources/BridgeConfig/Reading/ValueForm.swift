/// Why a value does not fit its key.
enum Misfit: Error {
  /// It is of another TOML type.
  case type
  /// It is of the right type; the message goes on behind the key: what is wrong, and what would be right.
  case content(String)
}

/// What a key takes: what is expected, in words and by example, and how a value of the file becomes one of the program.
struct ValueForm<Value> {
  /// With an article: `a duration`.
  let expected: String
  /// As it is written in the file: `"10s"`.
  let example: String
  let read: (TOMLNode) throws(Misfit) -> Value

  init(_ expected: String, example: String, read: @escaping (TOMLNode) throws(Misfit) -> Value) {
    self.expected = expected
    self.example = example
    self.read = read
  }

  /// A form that is written as a string.
  static func string(
    _ expected: String = "a string", example: String, read: @escaping (String) throws(Misfit) -> Value
  ) -> ValueForm {
    ValueForm(expected, example: example) { node throws(Misfit) in
      guard case .string(let text) = node.value else { throw .type }
      return try read(text)
    }
  }
}

extension ValueForm<String> {
  /// Any string.
  static var anyString: ValueForm { .string(example: "\"…\"") { text throws(Misfit) in text } }

  /// Any string that is not empty.
  static func text(_ expected: String, example: String) -> ValueForm {
    .string(expected, example: example) { text throws(Misfit) in
      guard !text.isEmpty else { throw .content("is empty; give \(expected)") }
      return text
    }
  }
}

extension ValueForm<Bool> {
  static var flag: ValueForm {
    ValueForm("true or false", example: "true") { node throws(Misfit) in
      guard case .boolean(let flag) = node.value else { throw .type }
      return flag
    }
  }
}

extension ValueForm<Int> {
  static func count(in range: ClosedRange<Int>, example: Int) -> ValueForm {
    ValueForm("a whole number", example: "\(example)") { node throws(Misfit) in
      guard case .integer(let number) = node.value else { throw .type }
      guard range.contains(number) else {
        throw .content("is \(number); it can be from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
  }

  /// A positive number of bytes.
  static func size(example: String) -> ValueForm {
    .string("a size", example: example) { text throws(Misfit) in
      guard let bytes = ByteSizeSyntax.parse(text) else {
        throw .content("is \(Quoted(text)), which is no size; write \(ByteSizeSyntax.advice)")
      }
      guard bytes > 0 else { throw .content("is zero; it must be larger") }
      return bytes
    }
  }
}

extension ValueForm<Duration> {
  /// A duration; `zero` tells whether "0" is one of its values besides the range.
  static func duration(
    in range: ClosedRange<Duration>, zero: Bool = false, wholeSeconds: Bool = false, example: String
  ) -> ValueForm {
    .string("a duration", example: example) { text throws(Misfit) in
      guard let duration = DurationSyntax.parse(text) else {
        throw .content("is \(Quoted(text)), which is no duration; write \(DurationSyntax.advice)")
      }
      guard range.contains(duration) || zero && duration == .zero else {
        let limits = "\(DurationSyntax.text(range.lowerBound)) to \(DurationSyntax.text(range.upperBound))"
        throw .content("is \(Quoted(text)); it can be \(zero ? "0 or " : "")from \(limits)")
      }
      guard !wholeSeconds || duration.components.attoseconds == 0 else {
        throw .content("is \(Quoted(text)); MQTT knows whole seconds only")
      }
      return duration
    }
  }
}

extension ValueForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One word of a closed set.
  static func word(example: Value) -> ValueForm {
    .string(example: "\"\(example.rawValue)\"") { text throws(Misfit) in
      guard let value = Value(rawValue: text) else {
        throw .content("is \(Quoted(text)); it can be \(alternatives(Value.allCases.map(\.rawValue)))")
      }
      return value
    }
  }
}

/// `"a", "b" or "c"`.
func alternatives(_ words: [String]) -> String {
  let quoted = words.map { "\"\($0)\"" }
  return quoted.count < 2
    ? quoted.joined() : quoted.dropLast().joined(separator: ", ") + " or " + quoted[quoted.count - 1]
}
