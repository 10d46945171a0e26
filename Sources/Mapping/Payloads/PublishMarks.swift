public import MQTT
import XMPP

/// How everything that the bridge publishes is marked under MQTT 5.
public enum PublishMarks {
  /// The user property that names the bridge, by which it also knows its own publishes.
  public static let bridge = "xmpp-bridge"

  /// The properties of a publish with a JSON payload.
  ///
  /// - Parameters:
  ///   - bridge: the bridge's name.
  ///   - event: the message, whose sender and ids are told too.
  public static func properties(bridge: String, event: MessageEvent? = nil) -> PublishProperties {
    var marks = [UserProperty(name: Self.bridge, value: bridge)]
    if let event {
      marks.reserveCapacity(4)
      marks.append(UserProperty(name: "xmpp-from", value: event.from.description))
      if let id = event.id { marks.append(UserProperty(name: "xmpp-id", value: id)) }
      if let id = event.stanzaID { marks.append(UserProperty(name: "xmpp-stanza-id", value: id)) }
    }
    return PublishProperties(contentType: "application/json", payloadFormatUTF8: true, userProperties: marks)
  }
}
