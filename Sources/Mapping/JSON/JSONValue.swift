/// A JSON value (RFC 8259).
public enum JSONValue: Sendable, Hashable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number as it is written, for JSON sets no limits to it.
  case number(String)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object: its members in the order of the text, no name twice.
  case object([Member])

  /// A member of an object.
  public struct Member: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The value.
    public var value: JSONValue

    /// A name with a value.
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The member of an object with this name; nil if there is none or this is no object.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The text of a string.
  public var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The number, if it is an integer of 64 bits.
  public var integer: Int64? {
    if case .number(let text) = self { Int64(text) } else { nil }
  }

  /// The number, rounded to what a double can hold.
  public var double: Double? {
    if case .number(let text) = self { Double(text) } else { nil }
  }

  /// What kind of value this is, in words for people.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// Reads a text that is one JSON value.
  ///
  /// - Parameters:
  ///   - bytes: the text in UTF-8, without byte order mark.
  ///   - depth: how deep arrays and objects may be nested.
  ///   - limit: how many bytes the text may have.
  /// - Throws: `JSONError` with the place of the first fault; a name that occurs twice in an object is one.
  public init(parsing bytes: [UInt8], depth: Int = 32, limit: Int = 1 << 24) throws(JSONError) {
    var reader = JSONReader(bytes: bytes, depth: depth)
    self = try reader.document(limit: limit)
  }
}
