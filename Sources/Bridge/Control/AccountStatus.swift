import Mapping

/// One account as `status` shows it.
struct AccountStatus: Sendable, Equatable {
  var name: String
  /// As `E/state` tells it.
  var state: EntityState
  var snapshot: AccountSnapshot

  /// Adds the account to an open array.
  func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("name", name)
    state.write(into: &writer)
    write("to_xmpp", crossed: snapshot.counters.toXMPP, snapshot.toXMPP, into: &writer)
    write("to_mqtt", crossed: snapshot.counters.toMQTT, snapshot.toMQTT, into: &writer)
    writer.member("sessions", snapshot.counters.sessions)
    writer.member("resumes", snapshot.counters.resumes)
    if let catchUp = snapshot.catchUp {
      writer.name("catch_up")
      writer.beginObject()
      writer.member("read", catchUp.read)
      if let total = catchUp.total { writer.member("total", total) }
      writer.endObject()
    }
    writer.endObject()
  }

  private func write(
    _ name: String, crossed: Int, _ backlog: AccountSnapshot.Backlog?, into writer: inout JSONWriter
  ) {
    writer.name(name)
    writer.beginObject()
    writer.member("crossed", crossed)
    if let backlog {
      writer.member("waiting", backlog.messages)
      writer.member("unacknowledged", backlog.unacknowledged)
    }
    writer.endObject()
  }
}
