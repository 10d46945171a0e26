import Mapping

/// What a client asks over the control socket: a line that is a JSON object, whose member `request` says what is meant.
/// Other members are for requests that have arguments. The answer is a line too: an object, with `error` if it is none.
enum ControlRequest: String, Sendable, CaseIterable {
  /// How things stand: a `StatusReport`.
  case status

  /// Why a line is no request.
  struct Fault: Error, Equatable, CustomStringConvertible {
    let description: String

    /// `{"error":…}`
    var json: [UInt8] {
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("error", description)
      writer.endObject()
      return writer.bytes
    }
  }

  /// Reads a line, without its end.
  init(line: [UInt8]) throws(Fault) {
    let object: JSONValue
    do throws(JSONError) {
      object = try JSONValue(parsing: line)
    } catch {
      throw Fault(description: "the line is no JSON: \(error)")
    }
    guard let name = object["request"]?.string else {
      throw Fault(description: "a request is an object with a string \"request\", such as {\"request\":\"status\"}")
    }
    guard let request = Self(rawValue: name) else {
      let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw Fault(description: "there is no such request; there is: \(known)")
    }
    self = request
  }
}

/// A request, and the way back.
struct ControlCall: Sendable {
  var request: ControlRequest
  /// Takes the answer, an object, from any thread; to be called once.
  var answer: @Sendable ([UInt8]) -> Void
}
