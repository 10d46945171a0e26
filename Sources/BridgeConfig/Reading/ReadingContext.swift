import Platform

/// What reading a configuration needs besides its text.
struct ReadingContext {
  let environment: ConfigurationEnvironment
  let faults: FaultCollector
  /// The folder of the configuration file; empty for the current one.
  private let folder: String

  init(file: String, environment: ConfigurationEnvironment, faults: FaultCollector) {
    self.environment = environment
    self.faults = faults
    folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
  }

  // MARK: - Paths

  /// A path of the configuration: relative ones start at its folder.
  func path(_ path: String) -> String { join(folder, path) }

  /// The state file's path: a relative one starts at the service's state folder, if the service manager made one.
  func statePath(_ path: String) -> String { join(serviceFolder("STATE_DIRECTORY") ?? folder, path) }

  /// A secret's path: a relative one is a credential of the service, if the service manager passes any.
  func secretPath(_ path: String) -> String { join(serviceFolder("CREDENTIALS_DIRECTORY") ?? folder, path) }

  /// systemd lists several folders with colons between them; what is relative is in the first.
  private func serviceFolder(_ variable: String) -> String? {
    environment.variable(variable)?.split(separator: ":").first.map(String.init)
  }

  private func join(_ folder: String, _ path: String) -> String {
    if folder.isEmpty || path.hasPrefix("/") { return path }
    return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }

  // MARK: - Files

  /// The path of a PEM file that can be read; nil if the key is not there, or the file is not usable, which is then
  /// reported. Reading it now tells the user now, not at the first connection.
  func pemFile(_ key: String, in table: TableReader, example: String) -> String? {
    guard let setting = table.read(key, .text("a path", example: "\"\(example)\"")) else { return nil }
    let path = path(setting.value)
    guard let content = content(of: path, key: table.name(of: key), at: setting.position) else { return nil }
    guard let kind = PEM(content.bytes) else {
      faults.error("\(table.name(of: key)): \(path) holds no PEM block; it must be a PEM file", at: setting.position)
      return nil
    }
    if kind == .privateKey, isOpenToEverybody(content, path, key: table.name(of: key), at: setting.position) {
      return nil
    }
    return path
  }

  /// A file's content, or a report why it cannot be had.
  func content(of path: String, key: String, at position: TOMLPosition) -> ConfigurationEnvironment.File? {
    do {
      return try environment.file(path)
    } catch {
      faults.error(
        "\(key): \(path) cannot be read: \(SystemError.text(error.code)); give the path of a readable file",
        at: position)
      return nil
    }
  }

  /// Whether a file that must be secret is open to every user of the machine, which is then reported.
  func isOpenToEverybody(
    _ file: ConfigurationEnvironment.File, _ path: String, key: String, at position: TOMLPosition
  ) -> Bool {
    guard file.permissions & 0o007 != 0 else { return false }
    let mode = String(file.permissions & 0o777, radix: 8)
    faults.error("\(key): every user has access to \(path) (mode \(mode)); run chmod 600 \(path)", at: position)
    return true
  }
}

/// What a PEM file holds, as far as the configuration cares.
enum PEM {
  case privateKey, other

  /// Nil for bytes without any PEM block.
  init?(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.contains("-----BEGIN ") else { return nil }
    self = text.contains("PRIVATE KEY-----") ? .privateKey : .other
  }
}
