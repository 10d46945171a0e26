/// libxml2 leaves ampersands in attribute values and namespace names escaped as `&#38;`, whatever way they were written,
/// and resolves every other reference.
enum Ampersands {
  private static let escaped: StaticString = "&#38;"

  /// Appends a value to `bytes` with its ampersands as they are meant.
  static func append(_ value: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    guard unsafe value.contains(UInt8(ascii: "&")) else {
      unsafe bytes.append(contentsOf: value)
      return
    }
    var index = 0
    while index < value.count {
      let byte = unsafe value[index]
      bytes.append(byte)
      index += byte == UInt8(ascii: "&") ? escaped.utf8CodeUnitCount : 1
    }
  }
}
