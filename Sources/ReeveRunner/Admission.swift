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
        if let next = pending.successor {
            let reason = "run \(next.shortName) of the next time has come (\(next.id))"
            return .refuse(.skipped, cause: "superseded", reason: reason)
        }
        if run.isLater(than: now), let time = run.notBefore { return .later(time) }
        // Slots of a paused task are not made runs in the first place.
        if run.trigger == .retry, let pause = pending.pause, pause.until.map({ $0 > now }) ?? true {
            return .refuse(.skipped, cause: "paused", reason: "the task is paused by \(pause.by)")
        }
        let deadline = deadline(of: run, task, startBy: startBy)
        let waits = pending.unmet.map(\.description) + (pending.fullGroup.map { ["a place in group \($0)"] } ?? [])
        if let startBy = task.startBy ?? startBy, let deadline, now > deadline, !waits.isEmpty {
            let reason = "it waited for \(waits.joined(separator: " and for ")), longer than its startBy of \(startBy)"
            return .refuse(.missed, cause: "startBy", reason: reason)
        }
        let alone: Admission = waits.isEmpty ? .start : .hold(until: deadline.map { $0 + .milliseconds(1) })
        guard let blocking = (living + held).first else { return alone }
        switch task.overlap ?? .skip {
        case .allow: return alone
        case .queue: return .wait
        case .replace: return .replace(runs: (living + held).filter { $0.stopRequest == nil }.map(\.id))
        case .skip:
            let age = now.since(blocking.startedAt ?? blocking.createdAt).rounded
            let state = living.isEmpty ? "was still waiting for its turn" : "was still going"
            let reason = "run \(blocking.shortName) (\(blocking.id)) \(state), for \(age) by then"
            return .refuse(.skipped, cause: "overlap", reason: reason)
        }
    }

    /// Until when a run may wait for what it requires, or for its group; `nil`: without end.
    ///
    /// - Parameter startBy: The agent's, for tasks that have none of their own.
    package static func deadline(of run: Run, _ task: TaskDefinition, startBy: Interval?) -> Timestamp? {
        guard let startBy = task.startBy ?? startBy, let due = run.due else { return nil }
        let latest = due + (task.schedule?.jitter?.maximum ?? .zero)
        return max(latest, run.notBefore ?? latest) + startBy
    }

    /// Refuses a run by hand where another one of its task lives and the task's overlap is `skip`.
    package static func checkManual(_ task: TaskDefinition, living: [Run], now: Timestamp) throws(Failure) {
        let living = living.filter { !$0.isLater(than: now) }
        guard (task.overlap ?? .skip) == .skip, let blocking = living.first else { return }
        throw Failure(
            .invalidState,
            "run \(blocking.shortName) of this task is still going",
            reason: "overlap is skip",
            hint: "wait for it, stop it, or set overlap to queue, replace or allow",
            details: ["run": .string(blocking.id)]
        )
    }
}
