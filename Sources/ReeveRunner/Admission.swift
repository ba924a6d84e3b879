import JSON
package import ReeveProtocol

/// Whether a run may begin while others of its task live.
package enum Admission: Sendable, Equatable {
    case start
    /// It stays pending until the others have ended.
    case wait
    /// It is told as skipped.
    case skip(reason: String)
    /// These are asked to stop; it stays pending until they have ended.
    case replace(runs: [String])

    /// - Parameter living: the task's runs that have begun and not ended; without the run itself.
    package static func decide(_ task: TaskDefinition, run: Run, living: [Run], now: Timestamp) -> Admission {
        guard let blocking = living.first else { return .start }
        switch task.overlap ?? .skip {
        case .allow: return .start
        case .queue: return .wait
        case .replace: return .replace(runs: living.filter { $0.stopRequest == nil }.map(\.id))
        case .skip:
            let age = now.since(blocking.startedAt ?? blocking.createdAt)
            return .skip(
                reason:
                    "run \(blocking.task)/\(blocking.number) (\(blocking.id)) was still going, for \(age.rounded) by then"
            )
        }
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
