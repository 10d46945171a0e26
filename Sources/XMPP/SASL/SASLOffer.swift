import TLSEngine

/// What a server offers for logging in, and the choice among it.
struct SASLOffer: Sendable, Equatable {
  /// The names of the mechanisms, all of them, in the server's order.
  var mechanisms: [String]
  /// The channel binding types that the server announces (XEP-0440); nil: it does not say.
  var channelBindingTypes: [String]?

  /// What to use, and what to say about channel bindings in doing so.
  struct Choice: Sendable, Equatable {
    var mechanism: SASLMechanism
    /// For SCRAM: the flag of RFC 5802 §6 with its data.
    var channelBinding: ChannelBinding
    /// Why the server must confirm its offer by a hash (XEP-0474) before it gets a proof; nil: it need not.
    var suspicion: String?
  }

  /// The channel binding flag of a GS2 header (RFC 5802 §7).
  enum ChannelBinding: Sendable, Equatable {
    /// `n`: not used, and not for lack of the server's support.
    case none
    /// `y`: it would be used if the server offered it. A server that did offer it then knows that it was struck out.
    case notOffered
    /// `p`: used.
    case used(ChannelBindingType, [UInt8])
  }

  /// The strongest mechanism that credentials and link allow.
  /// - Parameters:
  ///   - tls: nil for a link without TLS.
  ///   - allowPlaintextPlain: whether PLAIN may be used there.
  ///   - minimum: nothing weaker is chosen.
  /// - Throws: `SASLError.noMechanism`, `.downgraded`.
  func choose(
    for credentials: SASLCredentials, tls: TLSFacts?, allowPlaintextPlain: Bool, minimum: SASLMechanism?
  ) throws(SASLError) -> Choice {
    let minimum = effectiveMinimum(minimum, for: credentials, tls: tls)
    let known = mechanisms.compactMap(SASLMechanism.init(rawValue:))
    let binding = tls.flatMap { channelBinding(of: $0, known: known, minimum: minimum) }
    let usable = known.filter { mechanism in
      switch mechanism {
      case .external: credentials.external && tls != nil
      case .plain: credentials.password != nil && (tls != nil || allowPlaintextPlain)
      case _ where mechanism.bindsChannel: credentials.password != nil && binding != nil
      default: credentials.password != nil
      }
    }
    guard let best = usable.max() else {
      throw .noMechanism(offered: mechanisms, reason: reasonForNone(known, credentials, tls: tls))
    }
    if let minimum, best < minimum {
      throw .downgraded(
        "\(best.rawValue) is the best that the server offers now; \(minimum.rawValue) has worked before")
    }
    if best.bindsChannel, let binding {
      return Choice(mechanism: best, channelBinding: .used(binding.type, binding.data))
    }
    let bindable = tls?.channelBindings.isEmpty == false
    guard bindable, known.contains(where: \.bindsChannel) else {
      return Choice(mechanism: best, channelBinding: bindable ? .notOffered : .none)
    }
    return Choice(mechanism: best, channelBinding: .none, suspicion: best.digest == nil ? nil : suspicion)
  }

  /// What the operator took away here cannot be an attacker's doing: without a client certificate EXTERNAL is not
  /// missed, nor a channel binding on a link that has no TLS by configuration.
  private func effectiveMinimum(
    _ minimum: SASLMechanism?, for credentials: SASLCredentials, tls: TLSFacts?
  ) -> SASLMechanism? {
    if minimum == .external, !credentials.external { return nil }
    return tls == nil ? minimum?.withoutChannelBinding : minimum
  }

  /// The best channel binding that both sides have.
  private func channelBinding(
    of tls: TLSFacts, known: [SASLMechanism], minimum: SASLMechanism?
  ) -> (type: ChannelBindingType, data: [UInt8])? {
    let type: ChannelBindingType? =
      if let announced = channelBindingTypes {
        [.tlsExporter, .tlsUnique, .tlsServerEndPoint].first { type in
          announced.contains(type.rawValue) && tls.channelBindings[type] != nil
        }
      } else if tls.channelBindings[.tlsUnique] != nil {
        // RFC 5802 §6.1: the default of those who do not negotiate.
        .tlsUnique
      } else if !known.contains(where: { $0.digest != nil && !$0.bindsChannel }) || minimum?.bindsChannel == true {
        // RFC 9266 §3 makes this the default on TLS 1.3, but servers from before it (ejabberd until 23.10) offer -PLUS
        // there and mean tls-unique, which no longer exists: taken only where there is no other way in.
        .tlsExporter
      } else {
        nil
      }
    guard let type, let data = tls.channelBindings[type] else { return nil }
    return (type, data)
  }

  /// A server that binds channels must announce tls-server-end-point (XEP-0440 §4). One that announces only types which
  /// do not exist on this link may have had its list replaced.
  private var suspicion: String? {
    guard let announced = channelBindingTypes, !announced.contains(ChannelBindingType.tlsServerEndPoint.rawValue) else {
      return nil
    }
    return "of the channel bindings that the server announces (\(SASLError.list(announced))) none exists here"
  }

  private func reasonForNone(_ known: [SASLMechanism], _ credentials: SASLCredentials, tls: TLSFacts?) -> String {
    if credentials.password == nil {
      return credentials.external
        ? (tls == nil ? "EXTERNAL needs TLS" : "without a password only EXTERNAL is possible")
        : "neither a password nor a client certificate is configured"
    }
    if known.contains(where: \.bindsChannel) { return "there is no channel binding that both sides have" }
    if known.contains(.plain) { return "PLAIN is not used without TLS" }
    return "none of them is supported"
  }

  /// XEP-0474 §5.1: the hash of everything offered, which the server puts under the signature of SCRAM.
  func hash(_ digest: Digest) -> [UInt8] {
    var text = Self.sortedAndJoined(mechanisms)
    if let channelBindingTypes { text += [0x1F] + Self.sortedAndJoined(channelBindingTypes) }
    return Crypto.hash(digest, text)
  }

  /// Sorted by octets and joined by U+001E, which no XML can hold.
  private static func sortedAndJoined(_ names: [String]) -> [UInt8] {
    Array(names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }.joined(separator: [0x1E]))
  }
}
