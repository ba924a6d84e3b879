// swift-tools-version: 6.2

import PackageDescription

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioConcurrency = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

// The rooms, ground floor first. A room imports only rooms above it in this list: Sources/README.md is the map.
let package = Package(
    name: "reeve",
    products: [
        .executable(name: "reeved", targets: ["reeved"]),
        .executable(name: "reeve", targets: ["reeve"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Floor 0: what Swift cannot say by itself, and JSON texts.
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .target(name: "CLinux"),
        .target(name: "JSON"),

        // Floor 1
        .target(name: "Systemd", dependencies: ["CSystemd", log]),
        .target(name: "YAML", dependencies: ["JSON", yams]),
        .target(name: "JSONRPC", dependencies: ["JSON", nioCore, nioPosix, nioHTTP, nioConcurrency]),
        .target(name: "ReeveProtocol", dependencies: ["JSON"]),
        .target(name: "ReeveProcess", dependencies: ["CLinux", nioConcurrency]),

        // Floor 2
        .target(name: "ReeveUnits", dependencies: ["CLinux", "CSystemd", "ReeveProcess", nioConcurrency]),
        .target(name: "ReeveWorkers", dependencies: ["CLinux", "ReeveProcess", nioCore, nioConcurrency]),
        .target(name: "ReeveEngine", dependencies: [log, nioConcurrency]),
        .target(
            name: "ReeveLaunch",
            dependencies: [
                "JSON", "ReeveProtocol", "ReeveProcess", httpClient, crypto, nioCore, nioPosix, nioHTTP, nioConcurrency,
            ]
        ),
        .target(name: "ReeveStore", dependencies: ["JSON", "ReeveProtocol", grdb, log, nioConcurrency]),

        // Floor 3
        .target(name: "ReeveScheduler", dependencies: ["JSON", "ReeveProtocol", "ReeveStore", log, nioConcurrency]),
        .target(
            name: "ReeveRunner",
            dependencies: ["JSON", "ReeveProtocol", "ReeveProcess", "ReeveLaunch", "ReeveStore", log, nioConcurrency]
        ),
        .target(
            name: "ReeveService",
            dependencies: [
                "JSON", "ReeveProtocol", "ReeveProcess", "ReeveEngine", "ReeveLaunch", "ReeveStore", log,
                nioConcurrency,
            ]
        ),
        .target(
            name: "ReeveSubmitter",
            dependencies: [
                "JSON", "ReeveProtocol", "ReeveProcess", "ReeveLaunch", "ReeveStore", httpClient, crypto, mustache, log,
                nioCore, nioPosix, nioHTTP, nioHTTP2, nioSSL, nioConcurrency,
            ]
        ),

        // Floor 4
        .target(
            name: "ReeveAgent",
            dependencies: [
                "CLinux", "JSON", "JSONRPC", "ReeveProtocol", "ReeveProcess", "ReeveEngine", "ReeveStore",
                "ReeveLaunch", "ReeveScheduler", "ReeveRunner", "ReeveService", "ReeveSubmitter", log, nioCore,
                nioPosix,
                nioConcurrency, "YAML",
            ]
        ),

        // Floor 5
        .executableTarget(
            name: "reeved",
            dependencies: [
                "JSON", "ReeveAgent", "ReeveEngine", "ReeveProcess", "ReeveProtocol", "ReeveScheduler", "ReeveStore",
                "ReeveUnits", "ReeveWorkers", "Systemd", arguments, log, nioConcurrency,
            ]
        ),
        .executableTarget(
            name: "reeve",
            dependencies: ["JSON", "JSONRPC", "ReeveProtocol", "YAML", arguments]
        ),

        // Beside the program: what `contrib/bench/run` measures with, and what `contrib/fuzz/run` runs.
        .executableTarget(name: "engine-bench", dependencies: ["ReeveEngine", log], path: "contrib/bench/engine"),
        .executableTarget(
            name: "cron-bench",
            dependencies: ["ReeveProtocol", "ReeveScheduler"],
            path: "contrib/bench/cron"
        ),
        .executableTarget(
            name: "tasks-bench",
            dependencies: ["ReeveProtocol", "ReeveStore", log],
            path: "contrib/bench/tasks"
        ),
        .executableTarget(
            name: "schedule-fuzz",
            dependencies: ["ReeveProtocol", "ReeveScheduler"],
            path: "contrib/fuzz/schedule"
        ),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: [
                "JSON", "ReeveProtocol", crypto, nioCore, nioPosix, nioHTTP, nioHTTP2, nioSSL, nioConcurrency,
            ],
            path: "Tests/TestSupport"
        ),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"]),
        .testTarget(name: "SystemdTests", dependencies: ["Systemd", log]),
        .testTarget(name: "YAMLTests", dependencies: ["JSON", "YAML"]),
        .testTarget(
            name: "JSONRPCTests",
            dependencies: ["JSON", "JSONRPC", "TestSupport", nioCore, nioPosix, nioEmbedded]
        ),
        .testTarget(name: "ReeveProtocolTests", dependencies: ["JSON", "ReeveProtocol", "TestSupport"]),
        .executableTarget(name: "FirstProcess", dependencies: ["ReeveProcess"], path: "Tests/FirstProcess"),
        .testTarget(
            name: "ReeveProcessTests",
            dependencies: ["CLinux", "FirstProcess", "ReeveProcess", "TestSupport", nioConcurrency]
        ),
        .testTarget(name: "ReeveUnitsTests", dependencies: ["ReeveProcess", "ReeveUnits"]),
        .testTarget(name: "ReeveWorkersTests", dependencies: ["ReeveWorkers", "TestSupport", nioConcurrency]),
        .testTarget(name: "ReeveEngineTests", dependencies: ["ReeveEngine", "TestSupport", log]),
        .testTarget(
            name: "ReeveStoreTests",
            dependencies: ["JSON", "ReeveProtocol", "ReeveStore", "TestSupport", log]
        ),
        .testTarget(
            name: "ReeveSchedulerTests",
            dependencies: ["JSON", "ReeveProtocol", "ReeveStore", "ReeveScheduler", "TestSupport", log]
        ),
        .testTarget(
            name: "ReeveRunnerTests",
            dependencies: [
                "JSON", "ReeveProtocol", "ReeveProcess", "ReeveLaunch", "ReeveStore", "ReeveRunner", "TestSupport",
                log,
            ]
        ),
        .testTarget(
            name: "ReeveLaunchTests",
            dependencies: ["JSON", "ReeveProtocol", "ReeveProcess", "ReeveLaunch", "TestSupport"]
        ),
        .testTarget(
            name: "ReeveServiceTests",
            dependencies: [
                "JSON", "ReeveProtocol", "ReeveProcess", "ReeveEngine", "ReeveLaunch", "ReeveStore", "ReeveService",
                "TestSupport",
            ]
        ),
        .testTarget(
            name: "ReeveSubmitterTests",
            dependencies: [
                "JSON", "ReeveProtocol", "ReeveProcess", "ReeveLaunch", "ReeveStore", "ReeveSubmitter", "TestSupport",
                crypto, log, nioConcurrency,
            ]
        ),
        .testTarget(
            name: "ReeveAgentTests",
            dependencies: [
                "JSON", "JSONRPC", "ReeveProtocol", "ReeveEngine", "ReeveProcess", "ReeveStore", "ReeveScheduler",
                "ReeveAgent", "TestSupport", "YAML",
                log,
                nioConcurrency,
            ]
        ),
        .testTarget(
            name: "ReeveCommandTests",
            dependencies: [
                "JSON", "JSONRPC", "ReeveProtocol", "ReeveScheduler", "TestSupport", "YAML", "reeve", arguments,
            ]
        ),
        .testTarget(name: "IntegrationTests", dependencies: ["JSON", "JSONRPC", "ReeveProtocol", "TestSupport"]),
    ]
)

for target in package.targets where target.type != .system {
    guard target.name != "CLinux" else { continue }
    target.swiftSettings = [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),  // any P is spelled out
        .enableUpcomingFeature("ImmutableWeakCaptures"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("InternalImportsByDefault"),  // a file's imports are its true dependencies
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // an async function runs where its caller does
    ]
}
