import JSON
import ReeveEngine
import ReeveProtocol

/// `engine.*`.
struct EngineMethods: Sendable {
    var engine: Engine

    var methods: [AgentMethod] {
        [
            .reading("engine.report", .observe, report),
            .changing("engine.restart", .administer, restart),
        ]
    }

    @Sendable private func report(_ parameters: NoParameters, _ call: Call) async throws -> JSON {
        EngineView.json(await engine.report())
    }

    @Sendable private func restart(_ parameters: EngineRestartParameters, _ call: Call) async throws -> JSON {
        let names = engine.snapshot().manifolds.map(\.name)
        guard names.contains(parameters.name) else {
            throw Failure(
                .notFound,
                "the engine has no \"\(parameters.name)\"",
                path: "/name",
                expected: names.joined(separator: ", "),
                hint: nearest(parameters.name, among: names).map { "did you mean \"\($0)\"?" }
            )
        }
        try engine.restart(parameters.name)
        return ["name": .string(parameters.name)]
    }
}
