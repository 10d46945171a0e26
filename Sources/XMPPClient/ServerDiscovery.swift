/// Which servers to try for a domain, and in what order (RFC 6120 §3.2, XEP-0368).
public enum ServerDiscovery {
  /// What the DNS says about a domain.
  public enum Result: Sendable, Equatable {
    /// These, in this order.
    case servers([XMPPEndpoint])
    /// Nothing: the domain itself may be the server.
    case nothing
    /// There is no such service, and the domain itself is not to be tried either.
    case unavailable
  }

  /// Mixes the answers for both services into one order by priority and weight, as if they were one set of records.
  /// - Parameters:
  ///   - directTLS: the answer for `_xmpps-client._tcp`.
  ///   - startTLS: the answer for `_xmpp-client._tcp`.
  ///   - generator: decides among records of the same priority, each as often as its weight says.
  public static func merge(
    directTLS: SRVAnswer, startTLS: SRVAnswer, using generator: inout some RandomNumberGenerator
  ) -> Result {
    let direct = offers(directTLS, isDirectTLS: true)
    let indirect = offers(startTLS, isDirectTLS: false)
    let all = (direct + indirect).filter { !$0.record.target.isEmpty }
    if all.isEmpty {
      // A record with the root as its target says "decidedly not" (RFC 2782); of direct TLS alone, that leaves the
      // other.
      return indirect.isEmpty ? .nothing : .unavailable
    }
    return .servers(
      ordered(all, using: &generator).map {
        XMPPEndpoint(host: $0.record.target, port: Int($0.record.port), isDirectTLS: $0.isDirectTLS)
      })
  }

  private struct Offer {
    var record: SRVRecord
    var isDirectTLS: Bool
  }

  private static func offers(_ answer: SRVAnswer, isDirectTLS: Bool) -> [Offer] {
    guard case .records(let records) = answer else { return [] }
    return records.map { Offer(record: $0, isDirectTLS: isDirectTLS) }
  }

  /// The algorithm of RFC 2782: within a priority, a record is drawn with the probability of its weight, again and
  /// again until none is left.
  private static func ordered(_ offers: [Offer], using generator: inout some RandomNumberGenerator) -> [Offer] {
    var result: [Offer] = []
    // Records without weight stand in front, so that they have a small chance, too.
    var rest = offers.sorted { ($0.record.priority, $0.record.weight) < ($1.record.priority, $1.record.weight) }
    while let priority = rest.first?.record.priority {
      let group = rest.prefix { $0.record.priority == priority }
      let sum = group.reduce(0) { $0 + Int($1.record.weight) }
      var chosen = Int.random(in: 0...sum, using: &generator)
      let index = group.firstIndex { offer in
        chosen -= Int(offer.record.weight)
        return chosen <= 0
      }
      result.append(rest.remove(at: index ?? 0))
    }
    return result
  }
}
