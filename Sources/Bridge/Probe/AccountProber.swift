public import BridgeConfig
import NIOCore
import NIOPosix
import TLSEngine
import XMPP

/// Logs in to accounts to see what their servers offer.
///
/// The login is that of the bridge, under a resource of its own, so that a bridge that runs keeps its session. No
/// presence is sent: to the account's contacts nothing happens, and what waits for the account goes on waiting.
public enum AccountProber {
  /// What is known of an account's server; what was not found out is nil.
  public struct Finding: Sendable, Equatable {
    /// How the login ended.
    public var outcome: LoginOutcome
    /// Where the server was found: `127.0.0.1:5222`.
    public var address: String?
    /// The TLS version: `TLSv1.3`.
    public var tls: String?
    /// The SASL mechanisms offered, as the server orders them.
    public var mechanisms: [String] = []
    /// Stream management (XEP-0198).
    public var streamManagement: Bool?
    /// Message archive (XEP-0313).
    public var archive: Bool?
    /// HTTP file upload (XEP-0363).
    public var upload: Bool?
    /// Message carbons (XEP-0280).
    public var carbons: Bool?

    /// A finding of which nothing but the outcome is known.
    init(outcome: LoginOutcome) { self.outcome = outcome }
  }

  /// Logs in to an account, asks what its server can do, and logs out; takes 30 s at most.
  public static func probe(_ account: AccountConfiguration) async -> Finding {
    let context: TLSContext?
    do throws(TLSError) {
      context = if let tls = account.tlsConfiguration { try TLSContext(tls) } else { nil }
    } catch {
      return Finding(outcome: .unreachable(error.description))
    }
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let finding = eventLoop.flatSubmit {
      let visit = AccountVisit(account, context: context, eventLoop: eventLoop)
      let bound = NIOLoopBound(visit, eventLoop: eventLoop)
      visit.start()
      return visit.finding.always { _ in bound.value.end() }
    }
    do {
      return try await finding.get()
    } catch {
      return Finding(outcome: .unreachable("\(error)"))
    }
  }
}
