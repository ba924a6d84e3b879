package import ReeveProtocol

/// Whether a run that has stopped is tried again, and when.
package enum RunRetry: Sendable, Equatable {
    case at(Timestamp)
    /// Its slot is over: that of the next time comes before.
    case superseded
    /// It is done, or is not to be tried again.
    case none

    /// - Parameters:
    ///   - definition: What the run went by.
    ///   - isCurrent: The task is still as it was then, and is not paused.
    ///   - next: When the task starts next by its schedule.
    package static func decide(
        _ run: Run,
        _ definition: TaskDefinition,
        isCurrent: Bool,
        next: Timestamp?,
        now: Timestamp
    ) -> RunRetry {
        let codes = run.steps.compactMap(\.exitCode)
        guard isCurrent, let wait = definition.retry?.wait(after: run.attempt, run.outcome, exitCodes: codes) else {
            return .none
        }
        let time = now + wait
        if let next, time >= next { return .superseded }
        return .at(time)
    }
}
