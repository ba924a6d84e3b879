import JSON
import ReeveProtocol
import ReeveStore

extension TaskMethods {
    /// What a dry run found, thrown so that nothing of it stays.
    private struct DryRun: Error {
        var changes: [TaskChange]
    }

    /// Puts tasks as one: all of them or none.
    @Sendable func apply(_ parameters: TaskApplyParameters, _ call: Call) async throws -> JSON {
        let now = clock.now
        let tasks = parameters.tasks.map { checker.check($0, now: now, count: 0) }
        let problems = Self.problems(parameters) + tasks.problems(in: "list") { "/tasks/\($0)" }
        guard problems.isEmpty else { throw Failure(problems, below: "") }
        let by = call.caller.name
        let changes: [TaskChange]
        do {
            changes = try await parts.store.write { transaction in
                let changes = try Self.apply(tasks, parameters, transaction, by: by)
                if parameters.dryRun == true { throw DryRun(changes: changes) }
                return changes
            }
        } catch let found as DryRun {
            changes = found.changes
        }
        return ["changes": .array(try changes.map { try $0.json() })]
    }

    private static func apply(
        _ tasks: [CheckedTask],
        _ parameters: TaskApplyParameters,
        _ transaction: Transaction,
        by: String
    ) throws -> [TaskChange] {
        var changes: [TaskChange] = []
        for (index, checked) in tasks.enumerated() {
            do {
                let put = try transaction.put(checked, source: DefinitionSource.rpc, by: by, set: parameters.set)
                changes.append(TaskChange(before: put.before, after: put.task, warnings: checked.warnings))
            } catch let problem as InvalidValue {
                throw problem.below("/tasks/\(index)")
            } catch let error as StoreError {
                var failure = Failure(error)
                if failure.kind == .conflict { failure.path = "/tasks/\(index)" }
                throw failure
            }
        }
        guard let set = parameters.set, parameters.prune == true else { return changes }
        let ids = Set(tasks.map(\.task.id))
        for task in try transaction.tasks(ofSet: set) where !ids.contains(task.id) {
            _ = try transaction.removeTask(task.id, by: by, source: DefinitionSource.rpc)
            changes.append(TaskChange(before: task, after: nil, warnings: []))
        }
        return changes
    }

    // MARK: What is wrong

    private static func problems(_ parameters: TaskApplyParameters) -> [InvalidValue] {
        if let set = parameters.set { return nameProblems(set, "is not a set's name", longest: 64, at: "/set") }
        guard parameters.prune == true else { return [] }
        let reason = "needs a set: only what was applied with it before is removed"
        return [InvalidValue(path: "/prune", reason: reason, expected: "set beside it")]
    }
}
