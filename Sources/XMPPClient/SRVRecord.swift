internal import CResolver

/// A record of the service location (RFC 2782).
public struct SRVRecord: Sendable, Hashable {
  /// Lower comes first.
  public var priority: UInt16
  /// Share of the connections among those of the same priority.
  public var weight: UInt16
  /// The TCP port.
  public var port: UInt16
  /// The host, without a final dot; empty if the service is decidedly not available there.
  public var target: String

  /// A record.
  public init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
    self.priority = priority
    self.weight = weight
    self.port = port
    self.target = target
  }
}

/// What the DNS says about a service.
public enum SRVAnswer: Sendable, Equatable {
  /// There are records.
  case records([SRVRecord])
  /// There are none.
  case none
  /// Nobody knows; the text says why.
  case failed(String)

  /// Reads the answer section of a DNS message (RFC 1035 §4.1). Records of other types, such as the aliases that led to
  /// these, are passed over; a malformed message is a failure as a whole.
  public init(message: [UInt8]) {
    let length = CInt(clamping: message.count)
    let count = unsafe cresolver_answer_count(message, length)
    guard count >= 0 else {
      self = .failed("the DNS answer is malformed")
      return
    }
    var records: [SRVRecord] = []
    for index in 0..<count {
      var found = cresolver_srv()
      switch unsafe cresolver_read_srv(message, length, index, &found) {
      case 1:
        records.append(
          SRVRecord(priority: found.priority, weight: found.weight, port: found.port, target: Self.target(of: found)))
      case 0: break
      default:
        self = .failed("the DNS answer is malformed")
        return
      }
    }
    self = records.isEmpty ? .none : .records(records)
  }

  private static func target(of record: cresolver_srv) -> String {
    let name = unsafe withUnsafeBytes(of: record.target) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    // The library writes the root as a dot or as nothing.
    return name.hasSuffix(".") ? String(name.dropLast()) : name
  }
}
