// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: those of the bridge, so that its generic code is compiled here as it is there.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

let package = Package(
  name: "Benchmarks",
  dependencies: [
    .package(name: "xmpp-mqtt-bridge", path: ".."),
    // Without its traits it needs nothing that has to be loaded into the process before everything else.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    // What is measured, for both of the following.
    .target(
      name: "Operations",
      dependencies: [
        .product(name: "BridgeCores", package: "xmpp-mqtt-bridge"),
        .product(name: "BridgeJournal", package: "xmpp-mqtt-bridge"),
      ],
      swiftSettings: strict),
    // Does one of them so many times: for deploy/instructions.sh.
    .executableTarget(name: "count", dependencies: ["Operations"], swiftSettings: strict),
    // Times them: `swift package benchmark`.
    .executableTarget(
      name: "Cores",
      dependencies: [
        "Operations",
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Cores",
      swiftSettings: strict,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ],
  swiftLanguageModes: [.v6]
)
