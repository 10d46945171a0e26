import XMLStream

/// What a parser made of some input.
struct Outcome: Equatable {
  var events: [XMLStreamEvent] = []
  var error: XMLStreamError?
  /// Bytes consumed by the calls that did not throw.
  var consumed = 0

  var elements: [XMLElement] {
    events.compactMap { if case .element(let element) = $0 { element } else { nil } }
  }
  var condition: XMLStreamError.Condition? { error?.condition }
}

/// Feeds a new parser portion by portion, until it throws.
func parse(
  _ portions: some Sequence<ArraySlice<UInt8>>, limits: XMLStreamLimits = XMLStreamLimits(),
  haltAt: (XMLStreamEvent) -> Bool = { _ in false }
) -> Outcome {
  let parser = XMLStreamParser(limits: limits)
  var outcome = Outcome()
  do throws(XMLStreamError) {
    for portion in portions {
      outcome.consumed += try parser.feed(portion) { event in
        outcome.events.append(event)
        return haltAt(event) ? .halt : .proceed
      }
    }
  } catch {
    outcome.error = error
  }
  return outcome
}

func parse(
  _ text: String, limits: XMLStreamLimits = XMLStreamLimits(), haltAt: (XMLStreamEvent) -> Bool = { _ in false }
) -> Outcome {
  parse(CollectionOfOne(Array(text.utf8)[...]), limits: limits, haltAt: haltAt)
}

func parse(bytes: [UInt8], limits: XMLStreamLimits = XMLStreamLimits()) -> Outcome {
  parse(CollectionOfOne(bytes[...]), limits: limits)
}

/// Cuts bytes into portions of `size`.
func portions(of bytes: [UInt8], size: Int) -> [ArraySlice<UInt8>] {
  stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
}

/// A client's view of a server's header.
let header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s1' version='1.0'>"

func isElement(_ event: XMLStreamEvent) -> Bool {
  if case .element = event { true } else { false }
}
