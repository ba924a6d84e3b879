import Logging
import ReeveEngine

/// Times the engine with real tasks and the real clock: manifolds in chains of ten are installed, all roots bounced, all
/// reported, removed, installed anew and shut down. Prints each step with the median of its times in milliseconds.
///
/// Arguments: how many manifolds, how many rounds.
struct Bench {
    static let length = 10
    let chains: Int

    init(manifolds: Int) {
        chains = max(1, manifolds / Self.length)
    }

    private func manifolds() -> [Manifold] {
        (0..<chains).flatMap { chain in
            (0..<Self.length).map { place in
                let resource = Resource<Int>("c\(chain).\(place)")
                let inputs = place == 0 ? [] : [Input.required(Resource<Int>("c\(chain).\(place - 1)"))]
                return Manifold(resource.name, inputs: inputs, outputs: [resource.declaration]) { _ in
                    let worker = TaskWorker(stopping: .signals) { await $0.requested() }
                    return Started(worker, outputs: [resource.output(place)])
                }
            }
        }
    }

    func round(_ times: inout Times) async throws {
        var configuration = EngineConfiguration()
        // What is measured is the engine's work, not its patience.
        configuration.bounceDelay = .zero
        let engine = try Engine(
            configuration: configuration,
            clock: ContinuousClock(),
            wallTime: { 0 },
            logger: Logger(label: "engine", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let all = manifolds()
        let names = Set(all.map(\.name))
        let running = Task { try await engine.run() }
        try await times.measure("install, all run") {
            try engine.install(all)
            try await engine.started(names)
        }
        try await times.measure("bounce all roots, all run again") {
            for chain in 0..<chains { try engine.restart("c\(chain).0") }
            try await engine.started(names)
        }
        let report = try await times.measure("report of all") { await engine.report() }
        guard report.manifolds.allSatisfy({ $0.starts == 2 }) else { throw Wrong(what: "not all were bounced once") }
        try await times.measure("remove all, all are gone") {
            try engine.remove(all.map(\.name))
            try await engine.stopped(names)
        }
        try engine.install(all)
        try await engine.started(names)
        let rest = try await times.measure("shut down") {
            engine.shutdown()
            return try await running.value
        }
        guard rest.isEmpty else { throw Wrong(what: "\(rest.count) were left") }
    }
}

struct Wrong: Error {
    let what: String
}

func run(manifolds: Int, rounds: Int) async throws {
    var times = Times()
    for _ in 0..<max(1, rounds) { try await Bench(manifolds: manifolds).round(&times) }
    print(times.text, terminator: "")
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
try await run(manifolds: arguments.first ?? 10_000, rounds: arguments.dropFirst().first ?? 5)
