// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: the language mode is 6, and what a file uses it imports itself.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  // Generic code of one target is compiled for the types of another: unspecialised it costs microseconds a message.
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
  // What the compiler cannot prove exclusive the tests check as they run; a release does not check it again at each access.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Targets that call C also mark every unsafe use.
let wrapsC: [SwiftSetting] = strict + [.strictMemorySafety()]

let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")

let package = Package(
  name: "xmpp-mqtt-bridge",
  products: [
    .executable(name: "xmpp-mqtt-bridge", targets: ["xmpp-mqtt-bridge"]),
    // For the package in Benchmarks/.
    .library(
      name: "BridgeCores", targets: ["Records", "XMLStream", "TLSEngine", "XMPP", "MQTT", "Mapping", "Delivery"]),
    .library(name: "BridgeJournal", targets: ["Journal", "Platform"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  targets: [
    // C libraries of the system.
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CUnistring", providers: [.apt(["libunistring-dev", "libidn2-dev"])]),
    .systemLibrary(name: "CResolver"),
    // Calls of Linux that Swift does not see.
    .target(name: "CLinux"),

    // Cores: functions of bytes and times. No socket, thread, clock, randomness, file or Foundation.
    .target(name: "Records", swiftSettings: strict),
    .target(name: "XMLStream", dependencies: ["CLibXML2", "Records"], swiftSettings: wrapsC),
    .target(name: "TLSEngine", dependencies: ["COpenSSL"], swiftSettings: wrapsC),
    .target(name: "XMPP", dependencies: ["XMLStream", "TLSEngine", "CUnistring", deque], swiftSettings: wrapsC),
    .target(name: "MQTT", dependencies: ["Records", deque, heap], swiftSettings: strict),
    .target(name: "Mapping", dependencies: ["XMPP", "XMLStream", "MQTT", "Records"], swiftSettings: strict),
    .target(name: "Delivery", dependencies: [deque], swiftSettings: strict),

    // Shells: each owns one resource.
    .target(name: "Platform", dependencies: ["CLinux"], swiftSettings: wrapsC),
    .target(name: "Journal", dependencies: ["Platform", "Records", "CSQLite", deque], swiftSettings: wrapsC),
    .target(
      name: "XMPPClient",
      dependencies: ["XMPP", "XMLStream", "TLSEngine", "Platform", "CResolver", "CUnistring", log] + nio,
      swiftSettings: wrapsC),
    .target(
      name: "MQTTClient", dependencies: ["MQTT", "Platform", "CMosquitto", deque, log],
      swiftSettings: wrapsC),
    .target(
      name: "BridgeConfig", dependencies: ["Mapping", "XMPP", "XMLStream", "Platform"], swiftSettings: strict),
    .target(
      name: "Bridge",
      dependencies: [
        "Platform", "Records", "XMLStream", "TLSEngine", "XMPP", "MQTT", "Mapping", "Delivery", "Journal", "XMPPClient",
        "MQTTClient", "BridgeConfig", deque, log,
      ] + nio,
      swiftSettings: strict),
    .executableTarget(
      name: "xmpp-mqtt-bridge",
      dependencies: [
        "Bridge", "BridgeConfig", "Mapping", "XMPP", "Platform", log,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Tests: a target mirrors each of the above; the last seven run whole programs and real servers.
    .testTarget(name: "XMLStreamTests", dependencies: ["XMLStream", "CLibXML2", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "TLSEngineTests", dependencies: ["TLSEngine", "COpenSSL"], swiftSettings: wrapsC),
    .testTarget(
      name: "XMPPTests", dependencies: ["XMPP", "TLSEngine", "XMLStream", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "MQTTTests", dependencies: ["MQTT", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "MappingTests", dependencies: ["Mapping", "XMPP", "XMLStream", "MQTT", "TestSupport"], swiftSettings: strict
    ),
    .testTarget(name: "RecordsTests", dependencies: ["Records", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "DeliveryTests", dependencies: ["Delivery", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "JournalTests", dependencies: ["Journal", "Platform", "CSQLite", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "XMPPClientTests",
      dependencies: [
        "XMPPClient", "XMPP", "TLSEngine", "XMLStream", "Platform", "COpenSSL", "TestSupport", log,
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ] + nio,
      swiftSettings: strict),
    .testTarget(
      name: "MQTTClientTests", dependencies: ["MQTTClient", "MQTT", "Platform", "TestSupport", log],
      swiftSettings: strict),
    .testTarget(
      name: "BridgeConfigTests", dependencies: ["BridgeConfig", "Platform", "XMPP", "Mapping", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "BridgeTests",
      dependencies: [
        "Bridge", "BridgeConfig", "Delivery", "Journal", "MQTT", "Mapping", "Platform", "TestSupport", "XMPP",
        "XMPPClient", "XMLStream", .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ], swiftSettings: strict),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "xmpp-mqtt-bridge", "BridgeConfig", "Mapping", "Platform", "TestSupport", "XMPP", log,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: strict),
    .testTarget(name: "PurityTests", swiftSettings: strict),
    .target(name: "CTestSupport", path: "Tests/CTestSupport"),
    .target(
      name: "TestSupport", dependencies: ["CMosquitto", "CTestSupport", "Platform", "XMLStream"] + nio,
      path: "Tests/TestSupport",
      swiftSettings: strict),
    .testTarget(name: "TestSupportTests", dependencies: ["TestSupport", "XMLStream"], swiftSettings: strict),
    .testTarget(
      name: "SimulationTests",
      dependencies: [
        "Bridge", "BridgeConfig", "Delivery", "Journal", "MQTT", "Mapping", "TestSupport", "XMLStream", "XMPP",
        "XMPPClient", deque,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "IntegrationTests", dependencies: ["Mapping", "Platform", "TestSupport", "XMLStream", "xmpp-mqtt-bridge"],
      swiftSettings: strict),
    .testTarget(
      name: "CrashTests", dependencies: ["Platform", "TestSupport", "xmpp-mqtt-bridge"], swiftSettings: strict),
    .testTarget(
      name: "LoadTests", dependencies: ["Platform", "TestSupport", "xmpp-mqtt-bridge"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
