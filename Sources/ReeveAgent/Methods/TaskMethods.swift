import JSON
import ReeveProtocol
import ReeveRunner
import ReeveScheduler
import ReeveStore

/// `task.*` and `schedule.preview`.
struct TaskMethods: Sendable {
    var parts: Parts
    /// By what the configuration says now.
    var makeChecker: @Sendable () -> TaskChecker
    var clock: any WallClock

    var checker: TaskChecker { makeChecker() }

    var methods: [AgentMethod] {
        [
            .changing("task.put", .administer, put),
            .changing("task.apply", .administer, apply),
            .immediate("task.check", .observe, check),
            .reading("task.get", .observe, get),
            .reading("task.list", .observe, list),
            .changing("task.remove", .administer, remove),
            .changing("task.run", .operate, run),
            .changing("task.pause", .operate, pause),
            .changing("task.resume", .operate, resume),
            .immediate("schedule.preview", .observe, preview),
        ]
    }

    @Sendable private func put(_ parameters: TaskPutParameters, _ call: Call) async throws -> JSON {
        let checked = checker.check(parameters.task, now: clock.now, count: 1)
        guard checked.problems.isEmpty else { throw Failure(checked.problems, below: "/task") }
        let by = call.caller.name
        let put = try await parts.store.write { transaction in
            do {
                return try transaction.put(
                    checked,
                    source: DefinitionSource.rpc,
                    by: by,
                    ifRevision: parameters.ifRevision
                )
            } catch let problem as InvalidValue {
                throw problem.below("/task")
            }
        }
        var answer = JSONObject()
        answer["task"] = try TaskView.definition(put.task, masked: false)
        answer["created"] = .bool(put.created)
        answer["changed"] = .bool(put.changed)
        answer["next"] = next(of: put, by: checked.schedule, agentID: try parts.store.agentID)?.json ?? .null
        if !checked.warnings.isEmpty { answer["warnings"] = .array(checked.warnings.map(JSON.string)) }
        return .object(answer)
    }

    /// When it is due, also where the scheduler has not planned the new revision yet.
    private func next(of put: TaskPut, by schedule: Schedule?, agentID: String) -> Timestamp? {
        guard put.changed, let schedule, let definition = put.task.definition.schedule else { return put.task.nextFire }
        if let maxRuns = schedule.maxRuns, put.task.scheduledRuns >= maxRuns { return nil }
        let anchor = put.task.anchor
        let slot = definition.kind == .once ? anchor : schedule.next(after: anchor, anchor: anchor)
        return slot.map {
            schedule.fire(of: $0, jitter: definition.jitter, agentID: agentID, task: put.task.id, anchor: anchor)
        }
    }

    @Sendable private func check(_ parameters: TaskCheckParameters, _ call: Call) throws -> JSON {
        var problems: [InvalidValue]
        var checked: CheckedTask?
        do {
            let task = try JSONCoder.decode(TaskDefinition.self, from: parameters.task, unknownFields: .reject)
            let found = checker.check(task, now: clock.now)
            problems = found.problems + (found.expired.map { [$0] } ?? [])
            checked = found
        } catch {
            problems = [error]
        }
        return [
            "valid": .bool(problems.isEmpty),
            "problems": .array(problems.map { Failure($0.below("/task")).problem }),
            "warnings": .array(checked?.warnings.map(JSON.string) ?? []),
            "next": .array(checked?.next.map(\.json) ?? []),
        ]
    }

    @Sendable private func get(_ parameters: TaskReference, _ call: Call) async throws -> JSON {
        let zone = try checker.time.zone(named: parameters.timeZone)
        let (task, running) = try await parts.store.read { reader in
            let task = try reader.namedTask(parameters.task)
            return (task, try reader.liveRuns(task: parameters.task).filter { !$0.isLater(than: clock.now) })
        }
        var answer = JSONObject()
        answer["task"] = try TaskView.definition(task, masked: !call.role.grants(.administer))
        answer["scheduleText"] = .string(task.definition.schedule?.shortText ?? "by hand")
        answer.members += try TaskView.state(task, running: running, zone: zone).members
        return .object(answer)
    }

    @Sendable private func list(_ parameters: TaskListParameters, _ call: Call) async throws -> JSON {
        let zone = try checker.time.zone(named: parameters.timeZone)
        let limit = try pageSize(parameters.limit)
        let (tasks, running) = try await parts.store.read { reader in
            let tasks = try reader.tasks(
                after: parameters.after,
                limit: limit + 1,
                labels: parameters.labels ?? [:],
                includeAdHoc: parameters.all == true
            )
            let running = try reader.liveRuns().filter { !$0.isLater(than: clock.now) }
            return (tasks, Dictionary(grouping: running, by: \.task))
        }
        let page = tasks.prefix(limit)
        return [
            "tasks": .array(
                try page.map { try TaskView.item($0, running: running[$0.definition.id] ?? [], zone: zone) }
            ),
            "next": tasks.count > limit ? page.last.map { .string($0.definition.id) } ?? .null : .null,
        ]
    }

    @Sendable private func remove(_ parameters: TaskReference, _ call: Call) async throws -> JSON {
        let by = call.caller.name
        let task = try await parts.store.write { transaction in
            _ = try transaction.namedTask(parameters.task)
            return try transaction.removeTask(parameters.task, by: by, source: DefinitionSource.rpc)
        }
        return ["task": .string(task.definition.id), "revision": .number(String(task.definition.revision ?? 0))]
    }

    @Sendable private func run(_ parameters: TaskRunParameters, _ call: Call) async throws -> JSON {
        if let id = parameters.run, !isUUIDv7(id) {
            throw Failure(
                InvalidValue(path: "/run", reason: "\"\(id)\" is not a run's id", expected: "a UUID of version 7")
            )
        }
        var overrides = RunOverrides(
            command: parameters.command,
            environment: parameters.environment,
            input: parameters.input
        )
        if overrides != RunOverrides(), !call.role.grants(.administer) {
            throw AccessRules(owner: 0).refusal(
                call.caller,
                call.role,
                method: "task.run with command, environment or input",
                needs: .administer
            )
        }
        // What the task declares is for whoever may start it.
        overrides.parameters = parameters.parameters
        let by = call.caller.name
        let run = try await parts.store.write { [overrides] transaction in
            let task = try transaction.namedTask(parameters.task)
            // Here, since the task may have been put in the same breath; patterns and what is held against them are short.
            let problems = task.definition.problems(ofParameters: parameters.parameters ?? [:])
            guard problems.isEmpty else { throw Failure(problems, below: "") }
            let isRepeat = try parameters.run.map { try transaction.run($0) != nil } ?? false
            // Those of a task whose runs may all overlap need not be looked at, and may be many.
            if !isRepeat, task.definition.overlap != .allow {
                let living = try transaction.liveRuns(task: task.id)
                try Admission.checkManual(task.definition, living: living, now: transaction.now)
            }
            return try transaction.createRun(
                task: task,
                trigger: .manual,
                due: nil,
                by: by,
                id: parameters.run,
                overrides: overrides == RunOverrides() ? nil : overrides
            )
        }
        return ["run": .string(run.id), "number": .number(String(run.number))]
    }

    @Sendable private func pause(_ parameters: TaskPauseParameters, _ call: Call) async throws -> JSON {
        let now = clock.now
        let pause = Pause(
            by: call.caller.name,
            at: now,
            until: parameters.for.map { now + $0 },
            reason: parameters.reason
        )
        return try await setPaused(parameters, pause, call)
    }

    @Sendable private func resume(_ parameters: TaskPauseParameters, _ call: Call) async throws -> JSON {
        if parameters.for != nil { throw Failure(InvalidValue(path: "/for", reason: "is only for task.pause")) }
        return try await setPaused(parameters, nil, call)
    }

    private func setPaused(_ parameters: TaskPauseParameters, _ pause: Pause?, _ call: Call) async throws -> JSON {
        let given = [
            parameters.task != nil, parameters.labels != nil, parameters.group != nil, parameters.all != nil,
        ].count { $0 }
        guard given == 1, parameters.all != false else {
            throw Failure(
                InvalidValue(
                    path: "",
                    reason: "must say what to pause",
                    expected: "one of task, labels, group, all: true"
                )
            )
        }
        let by = call.caller.name
        let names = try await parts.store.write { transaction in
            let names =
                try parameters.task.map { [try transaction.namedTask($0).id] }
                ?? transaction.tasks(
                    after: nil,
                    limit: Int(Int32.max),
                    labels: parameters.labels ?? [:],
                    includeAdHoc: false
                ).map(\.definition).filter { parameters.group == nil || $0.group == parameters.group }.map(\.id)
            for name in names { _ = try transaction.setPaused(name, pause, by: by) }
            return names
        }
        return ["tasks": .array(names.map(JSON.string))]
    }

    @Sendable private func preview(_ parameters: SchedulePreviewParameters, _ call: Call) throws -> JSON {
        let count = try inRange(parameters.count ?? 5, 1...1000, "/count")
        let zone = try checker.time.zone(named: parameters.timeZone)
        let now = parameters.after ?? clock.now
        let preview: SchedulePreview
        do {
            preview = try SchedulePreview(
                parameters.schedule,
                task: parameters.task,
                time: checker.time,
                after: now,
                count: count
            )
        } catch {
            throw Failure(error.below("/schedule"))
        }
        return preview.json(zone: zone)
    }
}

extension Failure {
    /// All that is wrong with a value: the first as the error, all in `data.problems`.
    init(_ problems: [InvalidValue], below path: String) {
        let placed = problems.map { $0.below(path) }
        self.init(placed[0])
        if placed.count > 1 { details["problems"] = .array(placed.map { Failure($0).problem }) }
    }

    /// One entry of a list of problems.
    var problem: JSON {
        var object = JSONObject()
        object["path"] = .string(path ?? "")
        object["reason"] = .string(reason ?? message)
        object["expected"] = expected.map(JSON.string)
        object["hint"] = hint.map(JSON.string)
        object["cause"] = details["cause"]
        return .object(object)
    }
}
