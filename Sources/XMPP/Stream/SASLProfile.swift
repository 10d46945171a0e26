import TLSEngine
import XMLStream

/// How a SASL exchange is written in XML.
enum SASLProfile: Sendable, Equatable {
  /// The profile of RFC 6120 §6.
  case sasl
  /// The Extensible SASL Profile (XEP-0388), perhaps with a session to be resumed in the same step (XEP-0198 §9).
  case sasl2(StreamNegotiation.Resumption?)

  /// What the server says in an exchange.
  enum Answer {
    case challenge([UInt8])
    /// The mechanism's last data, if there is any.
    case success([UInt8]?)
    case failure(SessionEnd)
  }

  private var namespace: String {
    switch self {
    case .sasl: Namespace.sasl
    case .sasl2: Namespace.sasl2
    }
  }

  /// The element that starts the exchange.
  func start(mechanism: String, initialResponse: [UInt8]?) -> [UInt8] {
    var writer = XMLWriter()
    switch self {
    case .sasl:
      writer.open("auth", namespace: namespace)
      writer.attribute("mechanism", mechanism)
      // RFC 6120 §6.4.2: nothing at all is no response, `=` is an empty one.
      if let initialResponse { writer.text(initialResponse.isEmpty ? "=" : Base64.encode(initialResponse)) }
    case .sasl2(let resumption):
      writer.open("authenticate", namespace: namespace)
      writer.attribute("mechanism", mechanism)
      if let initialResponse {
        writer.open("initial-response")
        writer.text(Base64.encode(initialResponse))
        writer.close()
      }
      resumption?.write(into: &writer)
    }
    writer.close()
    return writer.bytes
  }

  /// The element that answers a challenge.
  func response(_ data: [UInt8]) -> [UInt8] {
    var writer = XMLWriter()
    writer.open("response", namespace: namespace)
    if !data.isEmpty { writer.text(Base64.encode(data)) }
    writer.close()
    return writer.bytes
  }

  /// Reads what the server says; nil if the element belongs to no exchange.
  func answer(_ element: XMLElement) throws(SessionEnd) -> Answer? {
    guard element.namespace == namespace else { return nil }
    switch element.name {
    case "challenge": return .challenge(try Self.data(in: element))
    case "success": return .success(try successData(in: element))
    case "failure": return .failure(Self.failure(element))
    case "continue" where self != .sasl:
      return .failure(.authenticationFailed("the server demands a further step, which is not supported"))
    default: return nil
    }
  }

  private func successData(in element: XMLElement) throws(SessionEnd) -> [UInt8]? {
    switch self {
    case .sasl: element.textBytes.isEmpty ? nil : try Self.data(in: element)
    case .sasl2:
      if let data = element.child("additional-data", in: namespace) { try Self.data(in: data) } else { nil }
    }
  }

  private static func failure(_ element: XMLElement) -> SessionEnd {
    var condition = "undefined-condition"
    var text = ""
    for child in element.children {
      if child.name == "text" {
        text = child.text
      } else if child.namespace == Namespace.sasl {
        condition = child.name
      }
    }
    return SessionEnd(saslCondition: condition, text: text)
  }

  private static func data(in element: XMLElement) throws(SessionEnd) -> [UInt8] {
    let text = element.textBytes
    guard !text.isEmpty, !text.elementsEqual("=".utf8) else { return [] }
    guard let data = Base64.decode(text) else {
      throw .authenticationFailed("the server's <\(element.name)/> is no Base64")
    }
    return data
  }
}
