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
        guard let retry = definition.retry, isCurrent, run.attempt <= retry.limit ?? TaskRetryDefinition.defaultLimit,
            isFailure(run, retry.onExit)
        else { return .none }
        let time = now + retry.wait(after: run.attempt)
        if let next, time >= next { return .superseded }
        return .at(time)
    }

    private static func isFailure(_ run: Run, _ codes: [Int]?) -> Bool {
        switch run.outcome {
        case .failed: codes.map { codes in run.steps.contains { $0.exitCode.map(codes.contains) ?? false } } ?? true
        case .timedOut: codes == nil
        // What was lost may have done its work; the others were meant.
        case .succeeded, .canceled, .lost, .skipped, .missed, .invalid, nil: false
        }
    }
}
