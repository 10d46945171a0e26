import Testing

/// A core imports no socket, thread, clock, randomness, file or Foundation; bytes and times come in as parameters.
struct ImportTests {
  /// A core and all that it may import.
  struct Core: Sendable, CustomTestStringConvertible {
    let name: String
    let mayImport: Set<String>

    var testDescription: String { name }
  }

  static let cores = [
    Core(name: "Records", mayImport: []),
    Core(name: "XMLStream", mayImport: ["CLibXML2", "Records"]),
    Core(name: "TLSEngine", mayImport: ["COpenSSL"]),
    Core(name: "XMPP", mayImport: ["XMLStream", "TLSEngine", "CUnistring", "DequeModule"]),
    Core(name: "MQTT", mayImport: ["Records", "DequeModule", "HeapModule"]),
    Core(name: "Mapping", mayImport: ["XMPP", "XMLStream", "MQTT", "Records"]),
    Core(name: "Delivery", mayImport: ["DequeModule"]),
  ]

  @Test("a core imports only what its room may", arguments: cores)
  func coreImports(core: Core) {
    let files = SourceFile.all(below: "Sources/\(core.name)")
    #expect(!files.isEmpty, "Sources/\(core.name) has no files")
    for file in files {
      for (module, line) in file.imports where !core.mayImport.contains(module) {
        Issue.record(
          "\(file.path):\(line): \(core.name) may import \(core.mayImport.sorted()) and not \(module): what needs it belongs into a shell"
        )
      }
    }
  }

  @Test("tests use Swift Testing only")
  func noXCTest() {
    for file in SourceFile.all(below: "Tests") {
      for (module, line) in file.imports where module == "XCTest" {
        Issue.record("\(file.path):\(line): imports XCTest")
      }
    }
  }
}
