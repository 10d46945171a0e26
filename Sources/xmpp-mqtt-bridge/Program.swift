import ArgumentParser
import Glibc
import Platform

/// The program: the command runs in a task, and the main thread makes the threads that the command needs.
@main
enum Program {
  static func main() {
    MainThread.serve {
      // Detached from the main actor, on which `main` is and nothing else ever gets a turn.
      Task.detached {
        await BridgeCommand.main()
        exit(ExitStatus.fine.rawValue)
      }
    }
  }
}
