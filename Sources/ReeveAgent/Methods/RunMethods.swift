import JSON
import JSONRPC
import ReeveProcess
import ReeveProtocol
import ReeveRunner
import ReeveScheduler
import ReeveStore

/// `run.*`.
struct RunMethods: Sendable {
    var parts: Parts
    var time: HostTime
    var paths: RunPaths
    var clock: any Clock<Duration>
    var wallClock: any WallClock

    var methods: [AgentMethod] {
        [
            .reading("run.list", .observe, list),
            .reading("run.get", .observe, get),
            .changing("run.stop", .operate, stop),
            .changing("run.retry", .operate, retry),
            .waiting("run.wait", .observe, wait),
            .waiting("run.output", .observe, output),
            .subscription("run.follow", .observe, follow),
        ]
    }

    @Sendable private func list(_ parameters: RunListParameters, _ call: Call) async throws -> JSON {
        let zone = try time.zone(named: parameters.timeZone)
        let limit = try pageSize(parameters.limit)
        let showsHidden = parameters.all == true || parameters.task != nil
        let runs = try await parts.store.read { reader in
            try reader.runs(
                task: parameters.task,
                after: parameters.after,
                limit: limit + 1,
                since: parameters.since,
                outcomes: parameters.outcomes,
                live: parameters.live == true,
                hidden: showsHidden
            )
        }
        let page = runs.prefix(limit)
        return [
            "runs": .array(try page.map { try RunView.json($0, zone: zone) }),
            "next": runs.count > limit ? page.last.map { .string($0.id) } ?? .null : .null,
        ]
    }

    @Sendable private func get(_ parameters: RunReference, _ call: Call) async throws -> JSON {
        let zone = try time.zone(named: parameters.timeZone)
        let (run, unmet) = try await parts.store.read { reader in
            let run = try reader.existingRun(parameters.run)
            let isWaiting = run.status == .pending
            let definition = isWaiting ? try reader.definition(task: run.task, revision: run.revision) : nil
            return (run, try reader.unmet(definition?.requires ?? []))
        }
        var view = try RunView.json(run, zone: zone).object ?? JSONObject()
        if !unmet.isEmpty { view["waitingFor"] = .array(unmet.map { .string($0.description) }) }
        return ["run": .object(view)]
    }

    @Sendable private func stop(_ parameters: RunStopParameters, _ call: Call) async throws -> JSON {
        let problems =
            StopDefinition.problems(ofSignal: parameters.signal, at: "/signal")
            + rangeProblems(parameters.grace, .zero ... .days(365), at: "/grace")
        guard problems.isEmpty else { throw Failure(problems, below: "") }
        let now = wallClock.now
        let request = StopRequest(
            at: now,
            by: call.caller.name,
            reason: parameters.reason,
            signal: parameters.signal,
            killAt: parameters.grace.map { now + $0 }
        )
        let run = try await parts.store.write { transaction in
            let run = try transaction.existingRun(parameters.run)
            guard run.status != .stopped else {
                throw Failure(
                    .invalidState,
                    "run \(run.shortName) has stopped already",
                    reason: "its outcome is \(run.outcome?.rawValue ?? "not known")",
                    details: ["run": .string(run.id)]
                )
            }
            return try transaction.requestStop(run.id, request)
        }
        return ["run": .string(run.id), "status": .string(run.status.rawValue)]
    }

    @Sendable private func retry(_ parameters: RunRetryParameters, _ call: Call) async throws -> JSON {
        let by = call.caller.name
        let retry = try await parts.store.write { transaction in
            let run = try transaction.existingRun(parameters.run)
            guard let task = try transaction.task(run.task) else {
                throw Failure(.notFound, "the task of run \(run.shortName) is removed", path: "/run")
            }
            let living = try transaction.liveRuns(task: task.id)
            // What waits for its time, or has a try that does, needs no further one: that begins now.
            let waiting = living.first {
                $0.isLater(than: transaction.now) && ($0.id == run.id || $0.retryOf == run.id)
            }
            if waiting == nil { try Admission.checkRetry(of: run) }
            try Admission.checkManual(task.definition, living: living, now: transaction.now)
            let problems = task.definition.problems(ofParameters: run.overrides?.parameters ?? [:])
            if let problem = problems.first {
                throw Failure(
                    .invalidState,
                    "run \(run.shortName) has parameters that its task does not take any more",
                    reason: problem.description,
                    hint: "reeve run \(task.id) -p K=V starts one with others"
                )
            }
            guard let waiting else { return try transaction.createRetry(of: run, by: by) }
            return try transaction.hasten(waiting, by: by)
        }
        return ["run": .string(retry.id), "number": .number(String(retry.number))]
    }

    @Sendable private func wait(_ parameters: RunWaitParameters, _ call: Call) async throws -> JSON {
        let store = try parts.store
        let run = try await withDeadline(parameters.deadline, clock, what: "run \(parameters.run) did not end") {
            let id =
                isUUIDv7(parameters.run)
                ? parameters.run : try await store.read { try $0.existingRun(parameters.run) }.id
            for await _ in store.signals.changes(.end(ofRun: id)) {
                let run = try await store.read { try $0.existingRun(id) }
                if run.status == .stopped { return run }
            }
            throw Parts.unavailable("store")
        }
        return ["run": try RunView.json(run)]
    }

    // MARK: Output

    @Sendable private func output(_ parameters: RunOutputParameters, _ call: Call) async throws -> JSON {
        let limits = try OutputLimits(limit: parameters.limit, tail: parameters.tail)
        let start = try position(parameters.after)
        let selection = parameters.follow
        if let tail = limits.tail {
            let page = try await self.output(of: selection).read(tail: tail)
            return OutputView(page, encoding: parameters.encoding).page(page)
        }
        let first = try await read(selection, after: start, limit: limits.limit)
        let page = try await longPoll(first, parameters.wait, clock, isNews: { !$0.pieces.isEmpty || $0.isEnd }) {
            page in
            await self.waitForOutput(selection, at: page.next)
            return try await self.read(selection, after: page.next, limit: limits.limit)
        }
        return OutputView(page, encoding: parameters.encoding).page(page)
    }

    private func read(
        _ selection: RunFollowParameters,
        after position: RunOutput.Position,
        limit: Int
    ) async throws -> RunOutput.Page {
        try await output(of: selection).read(after: position, limit: limit)
    }

    /// The run's output as the run stands now.
    private func output(of selection: RunFollowParameters) async throws -> RunOutput {
        let run = try await parts.store.read { try $0.existingRun(selection.run) }
        if let attempt = selection.attempt, attempt < 1 {
            throw Failure(InvalidValue(path: "/attempt", reason: "\(attempt) is no attempt", expected: "1 or more"))
        }
        let selected = RunOutput(
            of: run,
            paths: paths,
            step: selection.step,
            attempt: selection.attempt,
            stream: selection.stream
        )
        guard let output = selected else {
            throw Failure.noStep(selection.step ?? "", of: run)
        }
        return output
    }

    private func position(_ text: String?) throws(Failure) -> RunOutput.Position {
        guard let text else { return RunOutput.Position() }
        guard let position = RunOutput.Position(text) else {
            throw OutputLimits.notAPosition(text)
        }
        return position
    }

    /// Waits until there may be output behind `position`: some came, the process ended, or the run went on.
    private func waitForOutput(_ selection: RunFollowParameters, at position: RunOutput.Position) async {
        guard let store = try? parts.store else { return }
        let seen = store.head
        guard let output = try? await output(of: selection) else { return }
        // What happened since the caller looked was before this listened.
        if let page = try? output.read(after: position, limit: 1), !page.pieces.isEmpty || page.isEnd { return }
        await withTaskGroup(of: Void.self) { group in
            if let processes = try? parts.processes {
                for (key, place) in output.living(at: position)
                where processes.record(key)?.output.isComplete == false {
                    group.addTask { _ = await processes.output(key, beyond: place) }
                }
            }
            group.addTask { await store.signals.waitForJournal(after: seen) }
            await group.next()
            group.cancelAll()
        }
    }

    /// `run.follow`: every piece of output from a position on, until the run has ended.
    @Sendable private func follow(
        _ parameters: RunFollowParameters,
        _ call: Call
    ) async throws -> SubscriptionProducer {
        let start = try position(parameters.after)
        _ = try await output(of: parameters)
        return { sink in
            var position = start
            do {
                while true {
                    let page = try await self.read(parameters, after: position, limit: 64 << 10)
                    for piece in page.pieces.map(OutputPiece.init) {
                        let item = OutputView.item(piece, encoding: parameters.encoding)
                        try await sink.send(item, next: .string(piece.next))
                    }
                    position = page.next
                    if page.isEnd { return SubscriptionEnd(cause: "ended", next: .string(position.description)) }
                    if page.pieces.isEmpty { await self.waitForOutput(parameters, at: position) }
                }
            } catch {
                return SubscriptionEnd(error, next: position.description)
            }
        }
    }
}

/// Does something that may take long, and gives up when the time is over.
func withDeadline<Value: Sendable>(
    _ deadline: Interval?,
    _ clock: any Clock<Duration>,
    what: String,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    guard let deadline else { return try await body() }
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await clock.sleep(for: deadline.duration)
            return nil
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() ?? nil else {
            throw Failure(.deadline, "\(what) within \(deadline)", hint: "ask for a longer deadline, or none")
        }
        return value
    }
}

/// Goes on reading until there is news, at most for this long; without a limit the first page is the answer, as it is
/// when nothing came.
func longPoll<Page: Sendable>(
    _ first: Page,
    _ limit: Interval?,
    _ clock: any Clock<Duration>,
    isNews: @escaping @Sendable (Page) -> Bool,
    next: @escaping @Sendable (Page) async throws -> Page
) async throws -> Page {
    guard let limit, !isNews(first) else { return first }
    return try await withThrowingTaskGroup(of: Page.self) { group in
        group.addTask {
            var page = first
            while !isNews(page) {
                page = try await next(page)
                try Task.checkCancellation()
            }
            return page
        }
        group.addTask {
            try await clock.sleep(for: limit.duration)
            return first
        }
        defer { group.cancelAll() }
        return try await group.next() ?? first
    }
}
