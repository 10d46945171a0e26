import BridgeConfig
import Platform
import Testing

/// A file with something wrong, and exactly what is said about it.
struct Fault: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var text: String
  /// `line:column: message` each.
  var says: [String]

  /// A whole file.
  static func file(_ name: String, _ text: String, says: String...) -> Fault {
    Fault(testDescription: name, text: text, says: says)
  }

  /// A good file with more behind it, from line 7 on: further keys of its account, or further tables.
  static func behind(_ name: String, _ text: String, says: String...) -> Fault {
    Fault(testDescription: name, text: Sample.broker + Sample.account + text, says: says)
  }

  /// A good file with further keys of `[mqtt]`, from line 7 on.
  static func mqtt(_ name: String, _ text: String, says: String...) -> Fault {
    Fault(testDescription: name, text: Sample.account + Sample.broker + text, says: says)
  }

  /// A file whose `[mqtt]` has these keys, from line 6 on.
  static func broker(_ name: String, _ text: String, says: String...) -> Fault {
    Fault(testDescription: name, text: Sample.account + "[mqtt]\n" + text, says: says)
  }

  /// A file whose only account has these keys, from line 4 on.
  static func account(_ name: String, _ text: String, says: String...) -> Fault {
    Fault(testDescription: name, text: Sample.broker + "[[account]]\n" + text, says: says)
  }

  /// What the loader says about the file, without the file's name.
  var diagnostics: [String] {
    Sample.load(text).diagnostics.map { String($0.description.dropFirst("bridge.conf:".count)) }
  }
}

/// Good parts of files, and the surroundings that the tests' files are read in.
enum Sample {
  static let broker = """
    [mqtt]
    url = "mqtt://h"

    """

  static let account = """
    [[account]]
    name = "home"
    jid = "bot@example.org"
    password = "x"

    """

  static let files: [String: ConfigurationEnvironment.File] = [
    "secret": file("s3cret\n", 0o600),
    "open": file("s3cret\n", 0o644),
    "empty": file("\n", 0o600),
    "ca.pem": file("-----BEGIN CERTIFICATE-----\n", 0o644),
    "key.pem": file("-----BEGIN PRIVATE KEY-----\n", 0o600),
    "open-key.pem": file("-----BEGIN EC PRIVATE KEY-----\n", 0o644),
  ]

  static func file(_ text: String, _ permissions: UInt32) -> ConfigurationEnvironment.File {
    ConfigurationEnvironment.File(bytes: Array(text.utf8), permissions: permissions)
  }

  static func environment(
    _ files: [String: ConfigurationEnvironment.File] = files,
    variables: [String: String] = ["SET": "s3cret", "EMPTY": ""]
  ) -> ConfigurationEnvironment {
    ConfigurationEnvironment(
      variable: { variables[$0] },
      file: { path throws(SystemError) in
        guard let file = files[path] else { throw SystemError(call: "open", code: noSuchFile) }
        return file
      })
  }

  static func load(
    _ text: String, file: String = "bridge.conf", _ environment: ConfigurationEnvironment = environment()
  ) -> LoadedConfiguration {
    ConfigurationLoader.load(Array(text.utf8), file: file, environment: environment)
  }

  /// `ENOENT`.
  private static let noSuchFile: Int32 = 2
}
