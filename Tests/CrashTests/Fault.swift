import TestSupport

/// One kind of fault: how it is made, how often, and what the delivery promise allows it to cost.
struct Fault: Sendable {
  /// How often a fault happens to a bridge, and to how many bridges, one after the other.
  struct Dose: Sendable {
    var rounds = 1
    var times: Int
  }

  /// Its row of the table.
  let name: String
  /// In the version that runs with the other tests, and in the one that takes its time.
  let short: Dose
  let long: Dose
  /// The servers of the short version; the long one has them all.
  var shortServers = XMPPServerKind.allCases
  /// What it costs on each way.
  var cells: @Sendable (XMPPServerKind) -> Cells = Cells.withoutStream
  /// How often each of them cuts off what is in flight to the broker.
  var cuts = 1
  /// Whose sender is silent while it lasts, because its own server goes away.
  var hushed: Set<Traffic.Way> = []
  /// Whether alice's connection goes, too, so that the server's archive has to tell what it took from the bridge.
  var usesArchive = false
  /// What the bridge and the servers are started with.
  var prepare: @Sendable (inout BridgeRig.Options) throws -> Void = { _ in }
  /// Makes it happen once, and returns when it is over.
  let strike: @Sendable (Strike) async throws -> Void

  func dose(_ length: Length) -> Dose { length == .short ? short : long }
  func servers(_ length: Length) -> [XMPPServerKind] { length == .short ? shortServers : XMPPServerKind.allCases }
}

/// One fault that is about to happen.
struct Strike: Sendable {
  let rig: BridgeRig
  let traffic: Traffic
  /// Its number in this round, from 0.
  let number: Int
  let length: Length
  /// Gives the same numbers for the same seed, fault, server, round and number.
  let random: SeededGenerator
  /// Takes a sentence that is to stand below the table.
  let note: @Sendable (String) -> Void

  /// How long a fault lasts that is measured in messages: a hundred of them are sent in a second.
  var messagesOfOutage: Int { length == .short ? 300 : 7_000 }
}

/// The promise for one row: both ways.
struct Cells: Sendable {
  var toXMPP = Cell()
  var toMQTT = Cell()

  /// Nothing lost, doubled or disordered.
  @Sendable static func perfect(_ server: XMPPServerKind) -> Cells { Cells() }

  /// The connection to the XMPP server goes. Nothing is lost, doubled or disordered by us.
  @Sendable static func withoutStream(_ server: XMPPServerKind) -> Cells {
    var cells = Cells()
    if server == .ejabberd {
      // ejabberd 23.01 mixes what it sends again after a resumption with what is new: the order is its own.
      cells.toMQTT.mayReorder = true
      // A busy one tells a count at the resumption and then still takes in the next few stanzas of the old connection.
      cells.toXMPP.doublesOfServer = 20
    }
    return cells
  }

  /// The connection to the broker goes.
  @Sendable static func withoutBroker(_ server: XMPPServerKind) -> Cells {
    var cells = Cells()
    cells.toMQTT.mayRepeat = true
    return cells
  }

  /// Both go; so they do with the bridge.
  @Sendable static func withoutBoth(_ server: XMPPServerKind) -> Cells {
    var cells = withoutStream(server)
    cells.toMQTT.mayRepeat = true
    return cells
  }
}

/// The promise for one way; as it stands, nothing may be lost, doubled or disordered.
struct Cell: Sendable {
  /// So many messages may come twice after each fault because the server makes them do so.
  var doublesOfServer = 0
  /// A publish whose PUBACK was under way may come again, with the same `seq`: at most the hundred that are in flight, each
  /// time that they are cut off.
  var mayRepeat = false
  /// The order may be that of the server.
  var mayReorder = false
}

/// The two versions of the rig.
enum Length: String, Sendable {
  case short, long
}
