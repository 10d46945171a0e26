import Foundation
import Platform
import TestSupport
import Testing

@Suite struct LocalSocketTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path("s") }

  init() throws { directory = try TemporaryDirectory("socket") }

  @Test func linesGoBothWays() throws {
    let listener = try LocalSocket.listen(at: path)
    let client = try LocalSocket.connect(to: path, patience: Patience.event)
    let server = try listener.accept()
    try client.write(Array("ask\n".utf8))
    #expect(try server.readLine(limit: 100) == Array("ask".utf8))
    try server.write(Array("answer\nmore".utf8))
    #expect(try client.readLine(limit: 100) == Array("answer".utf8))
  }

  @Test func onlyItsUserMayConnect() throws {
    let listener = try LocalSocket.listen(at: path)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(attributes[.type] as? FileAttributeType == .typeSocket)
    _ = consume listener
  }

  @Test func whatAKilledProcessLeftRefusesAndIsReplaced() throws {
    do { _ = try LocalSocket.listen(at: path) }
    #expect(throws: SystemError(call: "connect", code: ECONNREFUSED)) {
      _ = try LocalSocket.connect(to: path, patience: Patience.event)
    }
    let listener = try LocalSocket.listen(at: path)
    _ = try LocalSocket.connect(to: path, patience: Patience.event)
    _ = try listener.accept()
  }

  @Test func anythingElseAtThePathIsLeftAlone() throws {
    try directory.write("precious", to: "s")
    #expect(throws: SystemError(call: "bind", code: EADDRINUSE)) { _ = try LocalSocket.listen(at: path) }
    LocalSocket.remove(path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
  }

  @Test func aPathMayHave107Bytes() throws {
    let room = LocalSocket.maxPathBytes - directory.path("").utf8.count
    let fits = directory.path(String(repeating: "x", count: room))
    _ = try LocalSocket.listen(at: fits)
    #expect(FileManager.default.fileExists(atPath: fits))
    #expect(throws: SystemError(call: "bind", code: ENAMETOOLONG)) { _ = try LocalSocket.listen(at: fits + "x") }
    #expect(throws: SystemError(call: "connect", code: ENAMETOOLONG)) {
      _ = try LocalSocket.connect(to: fits + "x", patience: Patience.event)
    }
  }

  @Test func aLineThatDoesNotEndIsNone() throws {
    let listener = try LocalSocket.listen(at: path)
    let client = try LocalSocket.connect(to: path, patience: Patience.event)
    do {
      let server = try listener.accept()
      try server.write(Array("half".utf8))
    }
    #expect(try client.readLine(limit: 100) == nil)

    let second = try LocalSocket.connect(to: path, patience: Patience.event)
    let server = try listener.accept()
    try server.write(Array("too long\n".utf8))
    #expect(try second.readLine(limit: 100) == Array("too long".utf8))
    try server.write([UInt8](repeating: 0x78, count: 101))
    #expect(try second.readLine(limit: 100) == nil)
  }

  @Test func aPeerThatSaysNothingIsGivenUp() throws {
    let listener = try LocalSocket.listen(at: path)
    let client = try LocalSocket.connect(to: path, patience: .milliseconds(20))
    let server = try listener.accept()
    #expect(throws: SystemError(call: "read", code: EAGAIN)) { try client.readLine(limit: 100) }
    _ = consume server
  }

  @Test func aPeerThatIsGoneIsAnErrorAndNoSignal() throws {
    let listener = try LocalSocket.listen(at: path)
    let client = try LocalSocket.connect(to: path, patience: Patience.event)
    do { _ = try listener.accept() }
    client.waitUntilClosed()
    #expect(throws: SystemError(call: "send", code: EPIPE)) { try client.write([1]) }
  }
}
