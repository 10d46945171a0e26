internal import XMLStream
internal import XMPP

extension RoomConfiguration {
  /// Reads `rooms` of an account; those that have a fault, which is reported, are left out.
  /// - Parameter jid: the account's, if it could be read.
  static func all(ofAccount account: TableReader, jid: JID?, _ context: ReadingContext) -> [RoomConfiguration] {
    var addresses: Set<JID> = []
    return account.tables("rooms").compactMap { table in
      let room = table.require("jid", .roomJID)
      let nick = table.read("nick", .nickname)
      let password = password(in: table, context)
      table.finish()
      guard let room else { return nil }
      guard addresses.insert(room.value).inserted else {
        context.faults.error(
          "\(table.name(of: "jid")) \(Quoted(room.value.description)) is there already; keep one of them",
          at: room.position)
        return nil
      }
      // Without an account there are other faults, and the room comes to nothing.
      guard let nick = nick?.value ?? jid?.localpart else { return nil }
      return RoomConfiguration(jid: room.value, nick: nick, password: password)
    }
  }

  /// Unlike an account's, a room's password goes as it is into a stanza.
  private static func password(in table: TableReader, _ context: ReadingContext) -> Secret? {
    guard case .given(let secret, let position) = context.secret("password", in: table, example: "secrets/room")
    else { return nil }
    guard XMLWriter.firstForbidden(in: secret.bytes) == nil else {
      context.faults.error(
        """
        the password of \(table.title) has characters that XMPP cannot carry; it must be UTF-8 text without control \
        characters
        """, at: position)
      return nil
    }
    return secret
  }
}

extension ValueForm<JID> {
  fileprivate static var roomJID: ValueForm {
    .string("a JID", example: #""ops@conference.example.org""#) { text throws(Misfit) in
      let jid: JID
      do {
        jid = try JID(text)
      } catch {
        throw .content(
          "is \(Quoted(text)), which is no JID: \(error); write one like \"ops@conference.example.org\"")
      }
      guard jid.localpart != nil else {
        throw .content("is \(Quoted(text)), which is a domain; a room is written like \"ops@\(jid.domainpart)\"")
      }
      guard jid.isBare else {
        throw .content(
          "is \(Quoted(text)), which has a resource; write jid = \"\(jid.bare)\", and our name in the room as nick = \"…\""
        )
      }
      return jid
    }
  }
}

extension ValueForm<String> {
  /// In a room's addresses the nickname is the resource.
  fileprivate static var nickname: ValueForm {
    .string("a nickname", example: #""bridge""#) { text throws(Misfit) in
      guard !text.isEmpty else { throw .content("is empty; give a nickname") }
      do throws(JIDError) {
        return try JID(localpart: nil, domainpart: "room", resourcepart: text).resourcepart ?? text
      } catch {
        throw .content("is \(Quoted(text)), which is no nickname: \(error); write one like \"bridge\"")
      }
    }
  }
}
