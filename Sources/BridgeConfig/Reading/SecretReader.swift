/// A secret that may be written in three ways: `KEY`, `KEY_file` or `KEY_env`.
enum SecretSetting {
  /// None of the keys is there.
  case absent
  /// One of them is, but does not lead to a secret; that is reported.
  case faulty
  case given(Secret, keyPosition: TOMLPosition)

  var secret: Secret? {
    if case .given(let secret, _) = self { secret } else { nil }
  }
}

extension ReadingContext {
  /// Reads a secret, wherever it is.
  /// - Parameters:
  ///   - key: `password`, for `password`, `password_file` and `password_env`.
  ///   - example: a path to show in messages.
  func secret(_ key: String, in table: TableReader, example: String) -> SecretSetting {
    let keys = [key, "\(key)_file", "\(key)_env"]
    let nodes = keys.compactMap { key in table.node(key).map { (key: key, position: $0.keyPosition) } }
      .sorted { $0.position < $1.position }
    let inline = table.read(keys[0], .anyString)
    let file = table.read(keys[1], .text("a path", example: "\"\(example)\""))
    let variable = table.read(keys[2], .text("the name of an environment variable", example: #""XMPP_PASSWORD""#))

    guard let first = nodes.first else { return .absent }
    for extra in nodes.dropFirst() {
      faults.error(
        "\(table.name(of: extra.key)) besides \(table.name(of: first.key)); keep one of them", at: extra.position)
    }
    guard nodes.count == 1 else { return .faulty }

    let bytes: [UInt8]?
    if let inline {
      bytes = checked(Array(inline.value.utf8), in: table.name(of: keys[0]), at: inline.position)
    } else if let file {
      bytes = self.bytes(ofFile: file, key: table.name(of: keys[1]))
    } else if let variable {
      bytes = self.bytes(ofVariable: variable, key: table.name(of: keys[2]), alternative: keys[1])
    } else {
      bytes = nil
    }
    return bytes.map { .given(Secret($0), keyPosition: first.position) } ?? .faulty
  }

  private func bytes(ofFile setting: Setting<String>, key: String) -> [UInt8]? {
    let path = secretPath(setting.value)
    guard let file = content(of: path, key: key, at: setting.position),
      !isOpenToEverybody(file, path, key: key, at: setting.position)
    else { return nil }
    return checked(file.bytes, in: "\(key): \(path)", at: setting.position)
  }

  private func bytes(ofVariable setting: Setting<String>, key: String, alternative: String) -> [UInt8]? {
    guard let value = environment.variable(setting.value) else {
      faults.error(
        "\(key): the environment variable \(Quoted(setting.value)) is not set; set it, or use \(alternative)",
        at: setting.position)
      return nil
    }
    return checked(Array(value.utf8), in: "\(key): the environment variable \(setting.value)", at: setting.position)
  }

  /// Without the one newline that editors and `echo` put behind it; an empty secret is none.
  private func checked(_ bytes: [UInt8], in place: String, at position: TOMLPosition) -> [UInt8]? {
    var secret = bytes
    if secret.last == UInt8(ascii: "\n") {
      secret.removeLast()
      if secret.last == UInt8(ascii: "\r") { secret.removeLast() }
    }
    guard !secret.isEmpty else {
      faults.error("\(place) is empty; a secret has at least one character", at: position)
      return nil
    }
    return secret
  }
}
