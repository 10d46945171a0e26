/// What the operations work on: one person, one bridge, and what they write to each other.
enum Sample {
  /// A text of 100 bytes, as long as what people write and sensors say.
  static let body =
    "The boiler in the cellar is at 68 °C & rising; the pump has been off since 06:40, look at it today!"

  /// What opens a server's stream.
  static let header = """
    <?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
    id='c2b0d8f1' from='example.org' version='1.0' xml:lang='en'>
    """

  /// A chat message as a server delivers it that keeps an archive: with all that a client of today adds.
  static func chat(body: String) -> String {
    """
    <message type='chat' id='7b3f2c51-9a0e' to='home@example.org/bridge' from='alice@example.org/phone'>\
    <body>\(body)</body><active xmlns='http://jabber.org/protocol/chatstates'/>\
    <request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>\
    <origin-id xmlns='urn:xmpp:sid:0' id='7b3f2c51-9a0e'/>\
    <stanza-id xmlns='urn:xmpp:sid:0' by='home@example.org' id='1763853600123456'/></message>
    """
  }

  /// That message with the text of 100 bytes.
  static let chat = chat(body: body.replacing("&", with: "&amp;"))
}
