import JSON
package import ReeveProtocol
import ReeveStore

/// Whether a run may begin, and what becomes of it if not.
package enum Admission: Sendable, Equatable {
    case start
    /// It stays pending until the others of its task have ended.
    case wait
    /// It stays pending until what it waits for is so, or until this time, when it is missed; for others of its task it
    /// counts as one that lives.
    case hold(until: Timestamp?)
    /// It stays pending until this time, and is in nobody's way.
    case later(Timestamp)
    /// These are asked to stop; it stays pending until they have ended.
    case replace(runs: [String])
    /// It never begins.
    case refuse(Outcome, cause: String, reason: String)

    /// - Parameters:
    ///   - living: The task's runs that have begun and not ended; without the run itself.
    ///   - held: The task's runs before it that wait for what they require, or for their group.
    ///   - startBy: The agent's, for tasks that have none of their own.
    package static func decide(
        _ pending: PendingRun,
        living: [Run],
        held: [Run] = [],
        startBy: Interval? = nil,
        now: Timestamp
    ) -> Admission {
        let run = pending.run
        guard let task = pending.definition else {
            return .refuse(.lost, cause: "agentCrashed", reason: "the definition that it was to go by is gone")
        }
        if run.isAutomaticRetry, let next = pending.successor {
            let reason = "run \(next.shortName) of the next time has come (\(next.id))"
            return .refuse(.skipped, cause: "superseded", reason: reason)
        }
        if run.isLater(than: now), let time = run.notBefore { return .later(time) }
        // Slots of a paused task are not made runs in the first place.
        if run.isAutomaticRetry, let pause = pending.pause, pause.until.map({ $0 > now }) ?? true {
            return .refuse(.skipped, cause: "paused", reason: "the task is paused by \(pause.by)")
        }
        let overlap = task.overlap ?? .skip
        let inTheWay = overlap.inTheWay(living + held)
        var waits = pending.unmet.map(\.description) + (pending.fullGroup.map { ["a place in group \($0)"] } ?? [])
        if let timeout = task.queueTimeout, let end = run.notAfter, now >= end {
            if !overlap.isSkipping { waits += inTheWay.prefix(1).map { "run \($0.shortName) to end" } }
            if !pending.isPlaceFree { waits.append("a free place") }
            return missed(after: waits, "queueTimeout", of: timeout)
        }
        let deadline = deadline(of: run, task, startBy: startBy)
        if let startBy = task.startBy ?? startBy, let deadline, now > deadline, !waits.isEmpty {
            return missed(after: waits, "startBy", of: startBy)
        }
        let ends = [deadline.map { $0 + .milliseconds(1) }, run.notAfter].compactMap(\.self)
        guard !inTheWay.isEmpty else { return waits.isEmpty ? .start : .hold(until: ends.min()) }
        switch overlap {
        case .queue: return .wait
        case .replace: return .replace(runs: inTheWay.filter { $0.stopRequest == nil }.map(\.id))
        case .skip, .allow: return skipped(for: inTheWay, areWaiting: living.isEmpty, now: now)
        }
    }

    /// - Parameter areWaiting: None of them has begun.
    private static func skipped(for others: [Run], areWaiting: Bool, now: Timestamp) -> Admission {
        let first = others[0]
        let name = "run \(first.shortName) (\(first.id))"
        let age = "for \(now.since(first.startedAt ?? first.createdAt).rounded) by then"
        let reason =
            others.count == 1
            ? "\(name) was still \(areWaiting ? "waiting for its turn" : "going"), \(age)"
            : "\(others.count) runs were still going or waiting for their turn, the first of them \(name), \(age)"
        return .refuse(.skipped, cause: "overlap", reason: reason)
    }

    private static func missed(after waits: [String], _ cause: String, of limit: Interval) -> Admission {
        let what =
            waits.isEmpty ? "nobody could begin it for" : "it waited for \(waits.joined(separator: " and for ")),"
        return .refuse(.missed, cause: cause, reason: "\(what) longer than its \(cause) of \(limit)")
    }

    /// Until when a run may wait for what it requires, or for its group, by the time at which it was due; `nil`: without
    /// end, as what somebody asked for.
    ///
    /// - Parameter startBy: The agent's, for tasks that have none of their own.
    package static func deadline(of run: Run, _ task: TaskDefinition, startBy: Interval?) -> Timestamp? {
        guard let startBy = task.startBy ?? startBy, let due = run.due, run.by == nil else { return nil }
        let latest = due + (task.schedule?.jitter?.maximum ?? .zero)
        return max(latest, run.notBefore ?? latest) + startBy
    }

    /// Refuses another try that somebody asks for of a run which has not ended, or has succeeded.
    package static func checkRetry(of run: Run) throws(Failure) {
        let details: JSONObject = ["run": .string(run.id)]
        guard run.status == .stopped else {
            throw Failure(
                .invalidState,
                "run \(run.shortName) has not ended: it is \(run.status.rawValue)",
                hint: "wait for it or stop it: reeve wait \(run.shortName), reeve stop \(run.shortName)",
                details: details
            )
        }
        guard run.outcome != .succeeded else {
            throw Failure(
                .invalidState,
                "run \(run.shortName) succeeded",
                reason: "only what did not succeed is tried again",
                hint: "reeve run \(run.task) runs the task once more",
                details: details
            )
        }
    }

    /// Refuses a run that somebody asks for where it would be skipped: as many of its task live as may.
    package static func checkManual(_ task: TaskDefinition, living: [Run], now: Timestamp) throws(Failure) {
        let overlap = task.overlap ?? .skip
        let living = overlap.inTheWay(living.filter { !$0.isLater(than: now) })
        guard overlap.isSkipping, let first = living.first else { return }
        let isOne = living.count == 1
        throw Failure(
            .invalidState,
            isOne
                ? "run \(first.shortName) of this task is still going"
                : "\(living.count) runs of this task are still going, the first of them \(first.shortName)",
            reason: "overlap is \(overlap)",
            hint: "wait for \(isOne ? "it, stop it" : "one, stop one"), or set overlap to queue, replace or allow",
            details: ["run": .string(first.id)]
        )
    }
}
