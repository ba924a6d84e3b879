import JSON
import ReeveProtocol
import ReeveStore

/// Carries decisions out within a transaction: between the rules, which know no store, and the scheduler's loop.
struct Desk: Sendable {
    struct Outcome: Sendable {
        var started = 0
        var passed = 0
        var problems: [(task: String, reason: InvalidValue)] = []
    }

    static let bootKey = "lastBoot"
    static let zonesKey = "zones"
    /// How many tasks one transaction decides: what is due together is decided together, and memory stays bounded.
    static let pageSize = 500

    let zones: ZoneDatabase
    let hostZone: Zone
    let host: String
    let defaults: Scheduler.Defaults
    /// What was put before this was put while the clock was not set.
    let earliest: Timestamp
    let agentID: String
    let bootID: String

    /// Due slots first: what was due before a change of the zones stays due.
    func decide(_ transaction: Transaction, watchingSince: Timestamp) throws -> Outcome {
        var outcome = Outcome()
        let due = try transaction.dueTasks(now: transaction.now, limit: Self.pageSize)
        for task in due { try decide(task, transaction, watchingSince, &outcome) }
        guard due.count < Self.pageSize else { return outcome }
        for task in try transaction.tasksToResume(now: transaction.now, limit: Self.pageSize) {
            try transaction.setPaused(task.id, nil)
        }
        for task in try transaction.unplannedTasks(limit: Self.pageSize) { try plan(task, transaction, &outcome) }
        return outcome
    }

    /// Decides what the present boot means for these tasks.
    ///
    /// - Parameter runningSince: when the scheduler began: what was put after that, and is not planned yet, was put in
    ///   this boot.
    func decideBoot(_ transaction: Transaction, _ ids: [String], runningSince: Timestamp) throws -> Outcome {
        var outcome = Outcome()
        for id in ids {
            guard let task = try transaction.task(id), let schedule = try? schedule(of: task), schedule.isBoot else {
                continue  // Gone meanwhile, due by time, or unreadable: then planning tells of it.
            }
            let now = transaction.now
            let isPutSince = !task.isPlanned && task.anchor >= runningSince && task.anchor <= now
            let decision = BootDecision(
                decided: task.bootDecided,
                current: bootID,
                isPutSince: isPutSince || task.completed,
                pause: task.pause,
                now: now
            )
            try carryOut(decision, task, schedule, transaction, &outcome)
        }
        return outcome
    }

    private func carryOut(
        _ decision: BootDecision,
        _ task: StoredTask,
        _ schedule: Schedule,
        _ transaction: Transaction,
        _ outcome: inout Outcome
    ) throws {
        switch decision {
        case .none: return
        case .wait: try transaction.decideBoot(task.id, boot: bootID)
        case .start:
            try transaction.decideBoot(task.id, boot: bootID)
            _ = try transaction.createRun(task: task, trigger: .boot, due: transaction.now, by: nil)
            outcome.started += 1
            if schedule.isNextBoot { try transaction.complete(task.id) }
        case .skip(let slots):
            try transaction.decideBoot(task.id, boot: bootID)
            try record(slots, task, .boot, transaction, &outcome)
            if schedule.isNextBoot { try transaction.complete(task.id) }
        }
    }

    private func decide(
        _ task: StoredTask,
        _ transaction: Transaction,
        _ watchingSince: Timestamp,
        _ outcome: inout Outcome
    ) throws {
        guard let first = task.nextDue ?? task.nextFire else { return }
        guard let timetable = try timetable(task, transaction, &outcome) else { return }
        guard let decision = timetable.decide(from: first, now: transaction.now, watchingSince: watchingSince) else {
            // Its delay is not what it was when it was planned, for the zones have changed: it starts later.
            let fire = timetable.slot(first).fire
            try transaction.plan(task.id, revision: task.revision, nextDue: first, nextFire: fire)
            return
        }
        for action in decision.actions {
            switch action {
            case .start(let due, let trigger):
                _ = try transaction.createRun(task: task, trigger: trigger, due: due, by: nil)
                outcome.started += 1
            case .record(let slots): try record(slots, task, .schedule, transaction, &outcome)
            }
        }
        try transaction.advance(
            task.id,
            runs: decision.starts,
            watermark: decision.watermark,
            nextDue: decision.next?.due,
            nextFire: decision.next?.fire
        )
        if decision.next == nil { try transaction.complete(task.id) }
    }

    private func record(
        _ slots: PassedSlots,
        _ task: StoredTask,
        _ trigger: Trigger,
        _ transaction: Transaction,
        _ outcome: inout Outcome
    ) throws {
        _ = try transaction.recordRun(
            task: task,
            trigger: trigger,
            due: slots.last,
            outcome: slots.outcome,
            cause: slots.cause,
            reason: slots.reason,
            covers: slots.covers
        )
        outcome.passed += slots.count
    }

    private func plan(_ task: StoredTask, _ transaction: Transaction, _ outcome: inout Outcome) throws {
        guard task.definition.schedule != nil, !task.completed else {
            try transaction.plan(task.id, revision: task.revision, nextDue: nil, nextFire: nil)
            return
        }
        guard let timetable = try timetable(task, transaction, &outcome) else { return }
        let slot: Slot?
        if let due = task.nextDue {
            // Only the zones have changed since. What is due already, and is only put off, stays as it is.
            let planned = Slot(due: due, fire: task.nextFire ?? due)
            slot = due <= transaction.now ? planned : timetable.moved(planned, now: transaction.now)
        } else if task.anchor >= earliest || !timetable.schedule.repeats {
            slot = timetable.firstSlot()
        } else {
            slot = timetable.firstSlot(after: transaction.now)
        }
        try transaction.plan(task.id, revision: task.revision, nextDue: slot?.due, nextFire: slot?.fire)
        if timetable.schedule.isBoot {
            try transaction.decideBoot(task.id, boot: bootID)
        } else if slot == nil {
            try transaction.complete(task.id)
        }
    }

    private func schedule(of task: StoredTask) throws(InvalidValue) -> Schedule? {
        guard let definition = task.definition.schedule else { return nil }
        return try Schedule(definition, hostZone: hostZone, zones: zones, hash: TaskHash(host: host, task: task.id))
    }

    /// `nil` where there is no schedule that can be read: its zone may be gone. That is told as a run that is invalid,
    /// and the task waits for its next revision or for other zones.
    private func timetable(
        _ task: StoredTask,
        _ transaction: Transaction,
        _ outcome: inout Outcome
    ) throws -> Timetable? {
        do {
            return try schedule(of: task).map { timetable(task, $0) }
        } catch {
            _ = try transaction.recordRun(
                task: task,
                trigger: .schedule,
                due: task.nextDue,
                outcome: .invalid,
                cause: "schedule",
                reason: error.below("/schedule").description,
                covers: nil
            )
            try transaction.plan(task.id, revision: task.revision, nextDue: nil, nextFire: nil)
            outcome.problems.append((task.id, error))
            return nil
        }
    }

    private func timetable(_ task: StoredTask, _ schedule: Schedule) -> Timetable {
        Timetable(
            schedule: schedule,
            anchor: task.anchor,
            watermark: task.watermark,
            missed: task.definition.missed ?? defaults.missed ?? schedule.defaultMissed,
            startBy: task.definition.startBy ?? defaults.startBy,
            spread: Spread(task.definition.schedule?.jitter, agentID: agentID, task: task.id),
            pause: task.pause,
            runsLeft: schedule.runsLeft(of: task)
        )
    }
}

extension Schedule {
    /// How many runs it may still make of a task; `nil`: without limit.
    func runsLeft(of task: StoredTask) -> Int? {
        maxRuns.map { max(0, $0 - task.scheduledRuns) }
    }
}
