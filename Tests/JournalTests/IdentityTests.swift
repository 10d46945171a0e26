import Testing

@testable import Journal

@Suite("The state file and its copies")
struct IdentityTests {
  @Test("a copy is known by its number or, where it has that of a file that is gone, by when it was made")
  func copies() throws {
    let directory = try TemporaryDirectory()
    try write([], to: directory.file())
    let database = try Database(path: directory.file(), fileSystem: nil)
    try Schema.migrate(database, path: directory.file())
    let statements = try Statements(database)
    func found(_ inode: Int64, _ born: Int64) throws -> Recovered.Continuity {
      try statements.takePossession(of: database, identity: .init(inode: inode, born: born)).continuity
    }
    #expect(try found(5, 7) == .new)
    #expect(try found(5, 7) == .interrupted)
    #expect(try found(6, 7) == .copied)
    #expect(try found(6, 7) == .interrupted)
    #expect(try found(6, 8) == .copied)
    // A file system that does not say when a file was made.
    #expect(try found(9, 0) == .copied)
    #expect(try found(9, 0) == .interrupted)
  }

  @Test("a file keeps what it is known by while it is written to, and a copy has something else")
  func identity() throws {
    let directory = try TemporaryDirectory()
    try write([1], to: directory.file())
    let identity = StateFile.identity(directory.file())
    try write([2, 3], to: directory.file())
    #expect(StateFile.identity(directory.file()) == identity)
    try write([2, 3], to: directory.file("copy"))
    #expect(StateFile.identity(directory.file("copy")) != identity)
  }
}
