import Foundation
import TestSupport
import Testing

struct ChildProcessTests {
  @Test("collects output and the exit code")
  func runs() async throws {
    let child = try await ChildProcess.start(.init("sh", ["-c", "echo one; echo two >&2; exit 3"]))
    #expect(try await child.exit() == .code(3))
    #expect(try await child.lines.first(2) == ["one", "two"])
  }

  @Test("tells a signal from an exit code")
  func killed() async throws {
    let child = try await ChildProcess.start(.init("sleep", ["1000"]))
    child.kill()
    #expect(try await child.exit() == .signal(9))
  }

  @Test("refuses a program that is not there")
  func missing() async throws {
    await #expect(throws: TestFailure.self) {
      _ = try await ChildProcess.start(.init("/no/such/program"))
    }
  }

  @Test("hands over input, environment and directory")
  func surroundings() async throws {
    let directory = try TemporaryDirectory()
    let child = try await ChildProcess.start(
      .init(
        "sh", ["-c", "read line; echo $line $GREETING; pwd"], environment: ["GREETING": "world"],
        directory: directory.path, takesInput: true))
    child.write("hello\n")
    #expect(try await child.lines.first(2) == ["hello world", directory.path])
  }

  @Test("does not outlive its object")
  func endsWithObject() async throws {
    var child: ChildProcess? = try await ChildProcess.start(.init("sleep", ["1000"]))
    let lines = try #require(child?.lines)
    child = nil
    // Its output ends when the kernel has closed the descriptors of the killed process.
    await #expect(throws: TestFailure.self) { _ = try await lines.first() }
  }

  @Test("removes a temporary directory with its object")
  func temporaryDirectory() throws {
    var directory: TemporaryDirectory? = try TemporaryDirectory()
    let file = try #require(try directory?.write("text", to: "deep/inside"))
    #expect(FileManager.default.fileExists(atPath: file))
    directory = nil
    #expect(!FileManager.default.fileExists(atPath: file))
  }
}
