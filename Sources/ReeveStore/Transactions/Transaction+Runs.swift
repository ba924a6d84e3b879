import GRDB
import JSON
package import ReeveProtocol

extension Transaction {
    /// Makes a pending run with the task's next number, and tells of it.
    ///
    /// Where there is a run of that id for this task already, it is answered as it is.
    /// Throws `notFound` if the task is removed, `conflict` if the id is another task's run's.
    /// - Parameters:
    ///   - id: If the caller chose it; a UUIDv7.
    ///   - covers: The slots that this run stands for, if many.
    package func createRun(
        task: StoredTask,
        trigger: Trigger,
        due: Timestamp?,
        by: String? = nil,
        id: String? = nil,
        overrides: RunOverrides? = nil,
        covers: Covers? = nil
    ) throws -> Run {
        if let id, let run = try run(id) {
            guard run.task == task.id else {
                throw StoreError(.conflict(StoreError.Conflict()), "run \(id) is one of task \"\(run.task)\"")
            }
            return run
        }
        var run = try newRun(of: task, trigger, id: id)
        run.due = due
        run.by = by
        run.overrides = overrides
        run.covers = covers
        return try enqueue(run, of: task)
    }

    /// Makes another try of a run that has stopped, and tells of it.
    ///
    /// Throws `notFound` if the task is removed.
    /// - Parameter by: Who asked for it; `nil`: it is the agent's own, pending until the ``Run/willRetry`` of the run.
    package func createRetry(of failed: Run, by: String? = nil) throws -> Run {
        let task = try existingTask(failed.task)
        var run = try newRun(of: task, .retry, id: nil)
        run.due = failed.due
        run.by = by
        run.overrides = failed.overrides
        run.covers = failed.covers
        run.attempt = failed.attempt + 1
        run.retryOf = failed.id
        run.notBefore = by == nil ? failed.willRetry : nil
        return try enqueue(run, of: task)
    }

    /// Lets a try that waits for its time begin at once, as if it had been asked for in the first place, and tells of it.
    package func hasten(_ retry: Run, by: String) throws -> Run {
        var run = retry
        if let start = run.notBefore { run.notAfter = run.notAfter.map { now + $0.since(start) } }
        run.notBefore = nil
        run.by = by
        try database.run(
            "UPDATE runs SET notBefore = NULL, notAfter = ?, record = ? WHERE id = ?",
            [.time(run.notAfter), try .encoded(run), .text(run.id)]
        )
        tell(.runs)
        try append(run)
        return run
    }

    /// Records a slot at which nothing ran, as a run that has stopped, and tells of it.
    /// - Parameters:
    ///   - outcome: `skipped`, `missed` or `invalid`.
    ///   - cause: The stable word, such as `overlap`, `paused`, `startBy`.
    ///   - reason: The same for people.
    package func recordRun(
        task: StoredTask,
        trigger: Trigger,
        due: Timestamp?,
        outcome: Outcome,
        cause: String,
        reason: String,
        covers: Covers? = nil,
        by: String? = nil
    ) throws -> Run {
        var run = try newRun(of: task, trigger, id: nil)
        run.due = due
        run.by = by
        run.covers = covers
        run.status = .stopped
        run.outcome = outcome
        run.cause = cause
        run.reason = reason
        run.stoppedAt = now
        run.previousOutcome = try noteLast(run)
        try insert(run, of: task)
        try append(run, labels: Self.labels(of: task))
        return run
    }

    /// Stores what became of a run, and tells of it: one `run.progress` for each of `details` in their order, then one
    /// change of the run if its status is new.
    ///
    /// Forward only: throws `backwards` for a run or step that would go back, for one that has stopped, and for an
    /// outcome without an end; `notFound` if there is no such run. What the runner does not decide stays as it is
    /// stored: number, revision, trigger, due, and a stop that was asked for meanwhile. Answers the run as stored.
    /// - Parameter details: What reached a state, each as it was then; one step may stand there twice.
    package func update(_ run: Run, details: [RunDetail] = []) throws -> Run {
        guard let stored = try self.run(run.id) else { throw StoreError.notFound("run", run.id) }
        var run = try RunRules(stored: stored).accept(run, now: now)
        if run.status == .stopped { run.previousOutcome = try noteLast(run) }
        try write(run)
        let change = RunChange(run: run, labels: try labels(of: run.task))
        for detail in details { try append(lane: .task(run.task), try change.of(detail, at: now)) }
        if run.status != stored.status {
            try append(lane: .task(run.task), try change.ofRun(at: now))
            if run.status == .stopped { tell(.end(ofRun: run.id)) }
        }
        return run
    }

    /// Tells of runs that they go on.
    ///
    /// Only the endpoints that ask for it hear of it: so it is nothing that the lane's next change comes after.
    /// - Parameters:
    ///   - last: When that was told last.
    ///   - interval: The shortest that any endpoint asks for.
    package func tellProgress(of runs: some Sequence<String>, since last: Timestamp, every interval: Interval) throws {
        for id in runs {
            guard let run = try run(id), run.status > .pending, run.status < .stopped, let start = run.startedAt else {
                continue
            }
            let progress = RunProgress(
                elapsed: max(.zero, now.since(start)),
                before: max(.zero, last.since(start))
            )
            guard progress.isDue(every: interval) else { continue }
            let change = RunChange(run: run, labels: try labels(of: run.task))
            try append(lane: .task(run.task), change.of(.progress(progress), at: now))
        }
    }

    /// Asks for the end of a run. The first request stays; asking again changes nothing.
    ///
    /// Throws `notFound`, and `backwards` if it has stopped. The runner tells of the stop when it acts on it.
    package func requestStop(_ id: String, _ request: StopRequest) throws -> Run {
        guard var run = try run(id) else { throw StoreError.notFound("run", id) }
        guard run.status != .stopped else {
            throw StoreError(.backwards, "run \(run.number) of task \"\(run.task)\" has stopped already")
        }
        let known = run.stopRequest
        run.stopRequest = known?.renewed(by: request) ?? request
        guard run.stopRequest != known else { return run }
        // What has not begun ends here: nobody else has to be waited for.
        guard run.status > .pending else {
            let reason = "stopped by \(request.by) before it began" + (request.reason.map { ": \($0)" } ?? "")
            return try cancel(run, cause: "requested", reason: reason)
        }
        try write(run)
        tell(.stops)
        return run
    }

    /// Ends a run that has not begun.
    func cancel(_ run: Run, cause: String, reason: String) throws -> Run {
        var run = run
        run.status = .stopped
        run.outcome = .canceled
        run.cause = cause
        run.reason = reason
        run.stoppedAt = now
        // Another may have waited for it.
        tell(.runs)
        return try update(run)
    }

    private func newRun(of task: StoredTask, _ trigger: Trigger, id: String?) throws -> Run {
        let next = "UPDATE tasks SET lastNumber = lastNumber + 1 WHERE id = ? AND removed = 0 RETURNING lastNumber"
        guard let number = try database.number(next, [.text(task.id)]) else {
            throw StoreError.notFound("task", task.id)
        }
        var run = Run(
            id: id ?? newID(),
            task: task.id,
            number: Int(number),
            revision: task.revision,
            trigger: trigger,
            createdAt: now
        )
        run.steps = task.definition.effectiveSteps.map { RunStep(name: $0.name) }
        return run
    }

    /// Adds a run that waits to begin, and tells of it.
    private func enqueue(_ run: Run, of task: StoredTask) throws -> Run {
        var run = run
        run.notAfter = task.definition.queueTimeout.map { (run.notBefore ?? now) + $0 }
        try insert(run, of: task)
        try append(run, labels: Self.labels(of: task))
        return run
    }

    private func insert(_ run: Run, of task: StoredTask) throws {
        try database.run(
            """
            INSERT INTO runs (id, task, number, status, outcome, priority, due, createdAt, notBefore, notAfter,
                record)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(run.id), .text(run.task), .integer(run.number), .text(run.status.rawValue),
                .text(run.outcome?.rawValue), .integer(task.definition.priority ?? 0), .time(run.due),
                .time(run.createdAt), .time(run.notBefore), .time(run.notAfter), try .encoded(run),
            ]
        )
        tell(.runs)
    }

    private func write(_ run: Run) throws {
        try database.run(
            "UPDATE runs SET status = ?, outcome = ?, outputBytes = ?, record = ? WHERE id = ?",
            [
                .text(run.status.rawValue), .text(run.outcome?.rawValue), .integer(run.keptOutput), try .encoded(run),
                .text(run.id),
            ]
        )
    }

    /// - Parameter labels: The task's, where they are at hand.
    private func append(_ run: Run, labels: JSON? = nil) throws {
        let change = RunChange(run: run, labels: try labels ?? self.labels(of: run.task))
        try append(lane: .task(run.task), try change.ofRun(at: now))
    }

    /// Notes how the task's last run ended; answers how the one before it did.
    private func noteLast(_ run: Run) throws -> Outcome? {
        let sql = "SELECT lastOutcome FROM tasks WHERE id = ?"
        let before = try database.first(sql, [.text(run.task)]) { $0[0] as String? } ?? nil
        try database.run(
            "UPDATE tasks SET lastRun = ?, lastRunNumber = ?, lastOutcome = ? WHERE id = ?",
            [.text(run.id), .integer(run.number), .text(run.outcome?.rawValue), .text(run.task)]
        )
        return before.flatMap(Outcome.init(rawValue:))
    }

    private static func labels(of task: StoredTask) throws -> JSON {
        guard let labels = task.definition.labels else { return [:] }
        return try JSONCoder.encode(labels)
    }

    private func labels(of task: String) throws -> JSON {
        let labels = try database.first("SELECT labels FROM tasks WHERE id = ?", [.text(task)]) { try $0.json(0) }
        return labels.flatMap(\.self) ?? [:]
    }
}
