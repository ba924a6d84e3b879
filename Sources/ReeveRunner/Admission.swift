import JSON
package import ReeveProtocol
package import ReeveStore

/// Whether a run may begin while others of its task live.
package enum Admission: Sendable, Equatable {
    case start
    /// It stays pending until the others have ended.
    case wait
    /// It stays pending until what it requires is so and its group has a place, or until this time, when it is missed; for others of its task it
    /// counts as one that lives.
    case hold(until: Timestamp?)
    /// It stays pending until this time, and is in nobody's way.
    case later(Timestamp)
    /// It is another try, and the task is paused: it is told as skipped.
    case paused(reason: String)
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
    ///   - fullGroup: The task's group, if as many runs of it go on as may.
    ///   - pause: The task's.
    ///   - startBy: The agent's, for tasks that have none of their own.
    package static func decide(
        _ task: TaskDefinition,
        run: Run,
        living: [Run],
        held: [Run] = [],
        unmet: [RequirementDefinition] = [],
        fullGroup: String? = nil,
        pause: Pause? = nil,
        startBy: Interval? = nil,
        now: Timestamp
    ) -> Admission {
        if let time = run.notBefore, now < time { return .later(time) }
        // Slots of a paused task are not made runs in the first place.
        if run.trigger == .retry, let pause, pause.until.map({ $0 > now }) ?? true {
            return .paused(reason: "the task is paused by \(pause.by)")
        }
        let startBy = task.startBy ?? startBy
        let deadline = startBy.flatMap { startBy in
            run.due.map { max($0 + (task.schedule?.jitter?.maximum ?? .zero), run.notBefore ?? $0) + startBy }
        }
        let waits = unmet.map(\.description) + (fullGroup.map { ["a place in group \($0)"] } ?? [])
        if let startBy, let deadline, now > deadline, !waits.isEmpty {
            let waits = waits.joined(separator: " and for ")
            return .miss(reason: "it waited for \(waits), longer than its startBy of \(startBy)")
        }
        let alone: Admission = waits.isEmpty ? .start : .hold(until: deadline.map { $0 + .milliseconds(1) })
        guard let blocking = (living + held).first else { return alone }
        switch task.overlap ?? .skip {
        case .allow: return alone
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

    /// Refuses a run by hand where another one of its task lives and the task's overlap is `skip`.
    package static func checkManual(_ task: TaskDefinition, living: [Run], now: Timestamp) throws(Failure) {
        let living = living.filter { !$0.isLater(than: now) }
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
