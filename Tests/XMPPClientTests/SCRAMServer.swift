import TLSEngine

/// The server's part of SCRAM-SHA-256 (RFC 5802 §3), from what a client has said so far; the password is `secret`.
struct SCRAMServer {
  private static let nonceSuffix = "servernonce"
  private static let salt = Array("salt of the user".utf8)
  private static let iterations = 4096

  /// The client's messages, decoded.
  private let clientFirst: String
  private let clientFinal: String

  init(text: String) {
    clientFirst = Self.content(of: "auth", in: text)
    clientFinal = Self.content(of: "response", in: text)
  }

  private static func content(of element: String, in text: String) -> String {
    let start = text.split(separator: "<\(element) ").dropFirst().first ?? ""
    let content = start.drop { $0 != ">" }.dropFirst().prefix { $0 != "<" }
    return String(decoding: Base64.decode(String(content)) ?? [], as: UTF8.self)
  }

  private var bare: Substring { clientFirst.dropFirst("n,,".count) }

  private var serverFirst: String {
    let nonce = bare.split(separator: ",").first { $0.hasPrefix("r=") } ?? ""
    return "\(nonce)\(Self.nonceSuffix),s=\(Base64.encode(Self.salt)),i=\(Self.iterations)"
  }

  /// The challenge that answers the client's first message.
  var challenge: String { element("challenge", serverFirst) }

  /// Success with the server's signature.
  var success: String {
    let withoutProof = clientFinal.split(separator: ",").filter { !$0.hasPrefix("p=") }.joined(separator: ",")
    let salted = Crypto.pbkdf2(
      .sha256, password: Array("secret".utf8), salt: Self.salt, iterations: Self.iterations)
    let key = Crypto.hmac(.sha256, key: salted, Array("Server Key".utf8))
    let signature = Crypto.hmac(.sha256, key: key, Array("\(bare),\(serverFirst),\(withoutProof)".utf8))
    return element("success", "v=" + Base64.encode(signature))
  }

  private func element(_ name: String, _ content: String) -> String {
    "<\(name) xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\(Base64.encode(Array(content.utf8)))</\(name)>"
  }
}
