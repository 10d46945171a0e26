import TLSEngine

/// The contexts of all accounts: those that judge certificates alike share one, since each holds its own copy of the
/// system's roots, half a megabyte.
struct TLSContexts {
  private var contexts: [TLSConfiguration: TLSContext] = [:]

  /// The context for a configuration, made at its first use.
  mutating func context(for configuration: TLSConfiguration) throws(TLSError) -> TLSContext {
    if let context = contexts[configuration] { return context }
    let context = try TLSContext(configuration)
    contexts[configuration] = context
    return context
  }
}
