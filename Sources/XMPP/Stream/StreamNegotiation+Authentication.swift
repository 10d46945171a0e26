import TLSEngine
import XMLStream

extension StreamNegotiation {
  /// A SASL exchange under way.
  struct Authentication: Sendable {
    var client: SASLClient
    var profile: SASLProfile
  }

  /// Begins the login.
  ///
  /// XEP-0388 is used where a session can be resumed within it: that saves two round trips. A resource is never bound
  /// within it (XEP-0386), for that makes the server drop the offline messages.
  mutating func authenticate() throws(SessionEnd) -> [Output] {
    let profile: SASLProfile
    let mechanisms: [String]
    if let sasl2 = features.sasl2, sasl2.streamManagement, !sasl2.mechanisms.isEmpty {
      (profile, mechanisms) = (.sasl2(resumption), sasl2.mechanisms)
    } else {
      (profile, mechanisms) = (.sasl, features.mechanisms)
    }
    offeredMechanisms = mechanisms
    do {
      var client = try SASLClient(
        credentials: configuration.credentials, offered: mechanisms,
        channelBindingTypesOffered: features.channelBindingTypes, tls: tls,
        allowPlaintextPlain: configuration.security == .none, minimumMechanism: minimumMechanism,
        cachedKeys: cachedKeys, nonce: nonce)
      let response = client.initialResponse()
      state = .authenticating(Authentication(client: client, profile: profile))
      return [.write(profile.start(mechanism: client.mechanism, initialResponse: response))]
    } catch {
      throw .authenticationFailed(error.description)
    }
  }

  mutating func authenticating(
    _ authentication: Authentication, _ element: XMLElement
  ) throws(SessionEnd) -> [Output] {
    guard let answer = try authentication.profile.answer(element) else { throw unexpected(element) }
    var authentication = authentication
    do throws(SASLError) {
      switch answer {
      case .challenge(let data):
        switch try authentication.client.challenge(data) {
        case .respond(let response):
          state = .authenticating(authentication)
          return [.write(authentication.profile.response(response))]
        case .derive(let request):
          state = .deriving(authentication)
          return [.deriveKeys(request)]
        }
      case .success(let data): try authentication.client.succeeded(data)
      case .failure: break
      }
    } catch {
      throw .authenticationFailed(error.description)
    }
    if case .failure(let end) = answer { throw end }
    let done = Output.authenticated(mechanism: authentication.client.mechanism, keys: authentication.client.keys)
    switch authentication.profile {
    case .sasl: return [done, .resetParser, .write(openStream(.authenticated))]
    case .sasl2: return [done] + (try succeeded(element))
    }
  }

  /// What came along with a `<success/>` of XEP-0388: a resumed session, which is live at once; otherwise new features
  /// follow on the same stream.
  private mutating func succeeded(_ success: XMLElement) throws(SessionEnd) -> [Output] {
    if let resumed = success.child("resumed", in: Namespace.streamManagement) {
      state = .done
      return [.resumed(h: try resumedCount(resumed))]
    }
    state = .features(.authenticated)
    guard resumption != nil, let failed = success.child("failed", in: Namespace.streamManagement) else { return [] }
    resumption = nil
    return [.resumptionFailed(h: Self.failedCount(failed))]
  }

  /// The keys that were asked for are there.
  mutating func derived(_ keys: SCRAMKeys) throws(SessionEnd) -> [Output] {
    guard case .deriving(var authentication) = state else { return [] }
    do {
      let response = try authentication.client.derived(keys)
      state = .authenticating(authentication)
      return [.write(authentication.profile.response(response))]
    } catch {
      throw .authenticationFailed(error.description)
    }
  }
}
