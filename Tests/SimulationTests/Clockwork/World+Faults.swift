/// How what goes wrong goes wrong.
extension World {
  func inflict(_ fault: Fault) {
    note("FAULT: \(fault.kind)")
    count("\(fault.kind)")
    switch fault.kind {
    case .streamCut: process?.stream.wire?.cut()
    case .streamStall:
      process?.stream.wire?.stall()
      server.noticesSilence()
    case .inboundCut: process?.inbound.wire?.cut()
    case .inboundStall: process?.inbound.stalled()
    case .outboundCut: process?.outbound.wire?.cut()
    case .outboundStall: process?.outbound.stalled()
    case .outage:
      isolate(for: fault.duration)
      process?.stream.wire?.cut()
      process?.inbound.wire?.cut()
      process?.outbound.wire?.cut()
    case .brokerStall: broker.stall(for: fault.duration)
    case .brokerRestart: broker.restart(for: fault.duration)
    case .brokerAmnesia:
      broker.restart(for: fault.duration)
      broker.forget()
    case .serverAmnesia: server.restart(for: fault.duration)
    case .streamClosed: server.closeStream()
    case .conflict: server.replaceSession()
    case .diskStall: journal.stall(for: fault.duration)
    case .crash: kill(hasPower: true)
    case .powerCut: kill(hasPower: false)
    case .erasure:
      kill(hasPower: true)
      truth.erased(self)
      journal.erase()
      server.wasForgotten()
    }
  }

  private func kill(hasPower: Bool) {
    guard process != nil else { return }
    endProcess(hasPower: hasPower)
    if hasPower {
      truth.crashed(self)
    } else {
      journal.cutPower()
      if !journal.isArchiveKnown { server.wasForgotten() }
      truth.lostPower(self)
      server.noticesSilence()
    }
  }
}
