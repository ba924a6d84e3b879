/// The date and the time of day, given to whoever needs it.
///
/// Nothing of ours reads the system's clock but through one of these, so that tests decide what time it is.
/// Intervals are measured with an `any Clock<Duration>` instead: this clock may be set.
package protocol WallClock: Sendable {
    /// The present time.
    var now: Timestamp { get }

    /// Waits until the clock shows `deadline` or a later time, or until the clock is set or the host resumes.
    ///
    /// The caller looks at ``now`` afterwards: a return before `deadline` means that the clock jumped. `nil` waits for
    /// such a jump only. Throws `CancellationError` when the task is cancelled.
    func wait(until deadline: Timestamp?) async throws
}
