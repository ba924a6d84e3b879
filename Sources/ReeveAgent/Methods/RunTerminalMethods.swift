import JSON
import JSONRPC
import ReeveProcess
import ReeveProtocol
import ReeveRunner
import ReeveStore

/// `run.input` and `run.resize`: the terminal of a step that runs.
struct RunTerminalMethods: Sendable {
    var parts: Parts

    var methods: [AgentMethod] {
        [
            .changing("run.input", .administer, input),
            .changing("run.resize", .operate, resize),
        ]
    }

    @Sendable private func input(_ parameters: RunInputParameters, _ call: Call) async throws -> JSON {
        let bytes: [UInt8]
        switch parameters.encoding ?? .utf8 {
        case .utf8: bytes = Array(parameters.data.utf8)
        case .base64:
            guard let decoded = Base64.decoded(parameters.data) else {
                throw Failure(InvalidValue(path: "/data", reason: "is no base64"))
            }
            bytes = decoded
        }
        let (run, key) = try await terminal(of: parameters.run, parameters.step)
        guard let taken = try parts.processes.type(key, bytes) else { throw Self.none(run) }
        return ["taken": .number(String(taken))]
    }

    @Sendable private func resize(_ parameters: RunResizeParameters, _ call: Call) async throws -> JSON {
        let columns = try inRange(parameters.columns, TerminalDefinition.sizes, "/columns")
        let rows = try inRange(parameters.rows, TerminalDefinition.sizes, "/rows")
        let (run, key) = try await terminal(of: parameters.run, parameters.step)
        let size = TerminalSize(columns: UInt16(columns), rows: UInt16(rows))
        guard try parts.processes.resize(key, size) else { throw Self.none(run) }
        return [:]
    }

    /// The process of the step that is named, or else of the only one that has a terminal and runs.
    private func terminal(of name: String, _ step: String?) async throws -> (Run, ProcessKey) {
        let (run, definition) = try await parts.store.read { reader in
            let run = try reader.existingRun(name)
            return (run, try reader.definition(task: run.task, revision: run.revision))
        }
        switch TerminalChoice(of: run, definition, named: step) {
        case .step(let record): return (run, RunPaths.key(run: run.id, step: record))
        case .unknown(let step): throw Failure.noStep(step, of: run)
        case .absent: throw Self.none(run)
        case .several(let names):
            throw Failure(
                InvalidValue(
                    path: "/step",
                    reason: "is missing: several have a terminal",
                    expected: names.joined(separator: ", ")
                )
            )
        }
    }

    private static func none(_ run: Run) -> Failure {
        Failure(
            .invalidState,
            "no step of run \(run.shortName) with a terminal is running",
            hint: "a step has one with terminal, as reeve run -t gives it",
            details: ["run": .string(run.id), "status": .string(run.status.rawValue)]
        )
    }
}
