import JSON
import ReeveProtocol
import ReeveStore

extension TaskMethods {
    /// What becomes of one task.
    private struct Change: Sendable {
        var before: StoredTask?
        /// `nil`: it is removed.
        var after: StoredTask?
        var warnings: [String]
    }

    /// What a dry run found, thrown so that nothing of it stays.
    private struct DryRun: Error {
        var changes: [Change]
    }

    /// Puts tasks as one: all of them or none.
    @Sendable func apply(_ parameters: TaskApplyParameters, _ call: Call) async throws -> JSON {
        let now = clock.now
        let tasks = parameters.tasks.map { checker.check($0, now: now, count: 0) }
        let problems = Self.problems(parameters) + Self.problems(tasks)
        guard problems.isEmpty else { throw Failure(problems, below: "") }
        let by = call.caller.name
        let changes: [Change]
        do {
            changes = try await parts.store.write { transaction in
                let changes = try Self.apply(tasks, parameters, transaction, by: by)
                if parameters.dryRun == true { throw DryRun(changes: changes) }
                return changes
            }
        } catch let found as DryRun {
            changes = found.changes
        }
        return ["changes": .array(try changes.map(Self.json))]
    }

    private static func apply(
        _ tasks: [CheckedTask],
        _ parameters: TaskApplyParameters,
        _ transaction: Transaction,
        by: String
    ) throws -> [Change] {
        var changes: [Change] = []
        for (index, checked) in tasks.enumerated() {
            do {
                let put = try transaction.put(checked, source: source, by: by, set: parameters.set)
                changes.append(Change(before: put.before, after: put.task, warnings: checked.warnings))
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
            _ = try transaction.removeTask(task.id, by: by, source: source)
            changes.append(Change(before: task, after: nil, warnings: []))
        }
        return changes
    }

    // MARK: What is wrong

    private static func problems(_ parameters: TaskApplyParameters) -> [InvalidValue] {
        if let set = parameters.set, !isName(set, longest: 64) {
            let reason = "\"\(set)\" is not a set's name"
            let expected = "1 to 64 of the characters A-Z a-z 0-9 . _ -"
            return [InvalidValue(path: "/set", reason: reason, expected: expected)]
        }
        guard parameters.prune == true, parameters.set == nil else { return [] }
        let reason = "needs a set: only what was applied with it before is removed"
        return [InvalidValue(path: "/prune", reason: reason, expected: "set beside it")]
    }

    private static func problems(_ tasks: [CheckedTask]) -> [InvalidValue] {
        var ids: Set<String> = []
        return tasks.enumerated().flatMap { index, checked -> [InvalidValue] in
            let id = checked.task.id
            let isNew = ids.insert(id).inserted
            let again = InvalidValue(path: "/id", reason: "\"\(id)\" is an earlier task's in this list")
            return (checked.problems + (isNew ? [] : [again])).map { $0.below("/tasks/\(index)") }
        }
    }

    // MARK: What was done

    private static func json(_ change: Change) throws -> JSON {
        let task = change.after ?? change.before
        let action =
            switch (change.before, change.after) {
            case (nil, _): "created"
            case (_, nil): "removed"
            case (let before?, let after?): before.revision == after.revision ? "same" : "changed"
            }
        var object: JSONObject = ["task": .string(task?.id ?? ""), "action": .string(action)]
        object["revision"] = task.map { .number(String($0.revision)) }
        object["diff"] = .array(try difference(change))
        if !change.warnings.isEmpty { object["warnings"] = .array(change.warnings.map(JSON.string)) }
        return .object(object)
    }

    private static func difference(_ change: Change) throws -> [JSON] {
        guard let before = change.before, let after = change.after else { return [] }
        return try content(after).differences(from: content(before)).map { difference in
            var object: JSONObject = ["path": .string(difference.path)]
            object["before"] = difference.before
            object["after"] = difference.after
            return .object(object)
        }
    }

    private static func content(_ task: StoredTask) throws -> JSON {
        var definition = task.definition
        definition.revision = nil
        return try JSONCoder.encode(definition)
    }
}
