/// Quality of service of a publish or a subscription (MQTT 5 §4.3).
public enum QoS: UInt8, Sendable, Hashable, Comparable {
  /// 0: handed over and forgotten.
  case atMostOnce = 0
  /// 1: repeated until PUBACK.
  case atLeastOnce = 1
  /// 2: PUBREC, PUBREL, PUBCOMP; exactly once while both sessions live.
  case exactlyOnce = 2

  /// By number.
  public static func < (left: QoS, right: QoS) -> Bool { left.rawValue < right.rawValue }
}
