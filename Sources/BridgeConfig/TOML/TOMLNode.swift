/// A value of a configuration file and where it stands.
struct TOMLNode {
  enum Value {
    case string(String)
    case integer(Int)
    case float(Double)
    case boolean(Bool)
    /// Dates and times: no key of the configuration takes one, so which one is all there is to know.
    case time
    case array([TOMLNode])
    case table([String: TOMLNode])
  }

  var value: Value
  /// Where the key is written; for an element of an array, where the element begins.
  var keyPosition: TOMLPosition
  /// Where the value begins; for a table with a header, where the header begins.
  var position: TOMLPosition

  /// What it is, in words that fit behind "is". The value itself is never told: it may be a secret.
  var found: String {
    switch value {
    case .string: "a string"
    case .integer: "an integer"
    case .float: "a number with a fraction"
    case .boolean: "a boolean"
    case .time: "a date or time"
    case .array: "an array"
    case .table: "a table"
    }
  }
}
