/// The time that is never set and goes on while the host is suspended.
///
/// As `ContinuousClock`, but nothing is left of a sleep that is canceled: that clock's is remembered until its time would
/// have come, and each run with a timeout sleeps.
package struct SteadyClock: Clock {
    let timers: Timers

    package var now: ContinuousClock.Instant { .now }

    package var minimumResolution: Duration { .nanoseconds(1) }

    package func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration? = nil) async throws {
        let key = timers.key(for: deadline)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let waits = timers.add(key, isWanted: { !Task.isCancelled }) { continuation.resume(with: $0) }
                if !waits { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            timers.cancel(key)
        }
    }
}
