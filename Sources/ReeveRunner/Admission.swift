import JSON
package import ReeveProtocol

/// Whether a run may begin while others of its task live.
package enum Admission: Sendable, Equatable {
    case start
    /// It stays pending until the others have ended.
    case wait
    /// It stays pending until what it requires is so; for others of its task it counts as one that lives.
    case hold
    /// It waited for what it requires until its time was over: it is told as missed.
    case miss(reason: String)
    /// It is told as skipped.
    case skip(reason: String)
    /// These are asked to stop; it stays pending until they have ended.
    case replace(runs: [String])

    /// - Parameters:
    ///   - living: The task's runs that have begun and not ended; without the run itself.
    ///   - held: The task's runs before it that wait for what they require.
    ///   - unmet: What the task requires and is not so.
    package static func decide(
        _ task: TaskDefinition,
        run: Run,
        living: [Run],
        held: [Run] = [],
        unmet: [RequirementDefinition] = [],
        now: Timestamp
    ) -> Admission {
        if let reason = lateness(task, run, unmet, now) { return .miss(reason: reason) }
        guard let blocking = (living + held).first else { return unmet.isEmpty ? .start : .hold }
        switch task.overlap ?? .skip {
        case .allow: return unmet.isEmpty ? .start : .hold
        case .queue: return .wait
        case .replace: return .replace(runs: (living + held).filter { $0.stopRequest == nil }.map(\.id))
        case .skip:
            let age = now.since(blocking.startedAt ?? blocking.createdAt)
            let state = living.isEmpty ? "was still waiting for what it requires" : "was still going"
            return .skip(
                reason: "run \(blocking.task)/\(blocking.number) (\(blocking.id)) \(state), for \(age.rounded) by then"
            )
        }
    }

    private static func lateness(
        _ task: TaskDefinition,
        _ run: Run,
        _ unmet: [RequirementDefinition],
        _ now: Timestamp
    ) -> String? {
        guard let startBy = task.startBy, let due = run.due, !unmet.isEmpty else { return nil }
        guard now > due + (task.schedule?.jitter ?? .zero) + startBy else { return nil }
        return
            "it waited for \(unmet.map(\.description).joined(separator: " and for ")), longer than its startBy of \(startBy)"
    }

    /// Refuses a run by hand where another one of its task lives and the task's overlap is `skip`.
    package static func checkManual(_ task: TaskDefinition, living: [Run]) throws(Failure) {
        guard (task.overlap ?? .skip) == .skip, let blocking = living.first else { return }
        throw Failure(
            .invalidState,
            "run \(blocking.task)/\(blocking.number) of this task is still going",
            reason: "overlap is skip",
            hint: "wait for it, stop it, or set overlap to queue, replace or allow",
            details: ["run": .string(blocking.id)]
        )
    }
}

extension Interval {
    /// Without milliseconds, for people, where it is longer than a second.
    package var rounded: Interval {
        milliseconds < 1000 ? self : Interval(milliseconds: milliseconds / 1000 * 1000)
    }
}
