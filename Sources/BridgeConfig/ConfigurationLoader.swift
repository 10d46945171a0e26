import Platform

/// What came of reading a configuration file.
public struct LoadedConfiguration: Sendable {
  /// The configuration; nil if and only if `diagnostics` holds an error.
  public var configuration: BridgeConfiguration?
  /// What `[bridge]` says, with defaults in the place of faults; nil if the file cannot be read, or is no TOML. For who has
  /// to do with a bridge that runs, whatever has been made of the file since, or whose secrets are out of reach.
  public var bridge: BridgeSection?
  /// Everything there is to say about the file, in the order of the file.
  public var diagnostics: [Diagnostic]
}

/// From `bridge.conf` to a `BridgeConfiguration`.
public enum ConfigurationLoader {
  /// Reads a configuration file, and the secrets and certificates it names.
  /// - Parameters:
  ///   - file: its path, as the user gave it; it is what diagnostics call the file.
  ///   - environment: where files and environment variables come from.
  /// - Returns: the configuration, or every fault of it at once.
  public static func load(
    _ file: String, environment: ConfigurationEnvironment = .process
  ) -> LoadedConfiguration {
    let faults = FaultCollector(file: file)
    do {
      return load(try environment.file(file).bytes, file: file, environment: environment)
    } catch {
      faults.error(
        "the file cannot be read: \(SystemError.text(error.code)); name one with --config", at: .start)
      return LoadedConfiguration(configuration: nil, bridge: nil, diagnostics: faults.sorted)
    }
  }

  /// Reads a configuration from its text. Never fails: whatever the bytes are, the result tells what is wrong.
  /// - Parameters:
  ///   - bytes: the content of the file.
  ///   - file: its path: what diagnostics call it, and the folder that relative paths start from.
  ///   - environment: where the files it names and environment variables come from.
  public static func load(
    _ bytes: [UInt8], file: String, environment: ConfigurationEnvironment
  ) -> LoadedConfiguration {
    let faults = FaultCollector(file: file)
    let context = ReadingContext(file: file, environment: environment, faults: faults)
    let configuration: BridgeConfiguration?
    do {
      configuration = read(TableReader(document: try TOMLParser.parse(bytes), faults: faults), context)
    } catch {
      faults.error(error.message, at: error.position)
      configuration = nil
    }
    let diagnostics = faults.sorted
    let isUsable = !diagnostics.contains { $0.severity == .error }
    return LoadedConfiguration(
      configuration: isUsable ? configuration : nil, bridge: configuration?.bridge, diagnostics: diagnostics)
  }

  private static func read(_ document: TableReader, _ context: ReadingContext) -> BridgeConfiguration {
    let bridge = BridgeSection(document.table("bridge"), context)
    let mqtt = MQTTSection(document.table("mqtt"), document: document, context)
    let delivery = DeliverySection(document.table("delivery"), keepalive: mqtt.keepalive, context.faults)
    let accounts = AccountConfiguration.all(of: document, context)
    InactiveSettings.readSections(of: document)
    document.finish()
    return BridgeConfiguration(bridge: bridge, mqtt: mqtt, delivery: delivery, accounts: accounts)
  }
}
