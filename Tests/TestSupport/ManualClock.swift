import NIOConcurrencyHelpers

/// A clock for intervals that stands still until a test moves it.
///
/// A test first waits with ``sleepers(_:)`` until the code under test sleeps, then calls ``advance(by:)``.
package final class ManualClock: Clock, Sendable {
    /// A time since the clock was made.
    package struct Instant: InstantProtocol {
        package var offset: Duration

        package init(offset: Duration) {
            self.offset = offset
        }

        package func advanced(by duration: Duration) -> Instant {
            Instant(offset: offset + duration)
        }

        package func duration(to other: Instant) -> Duration {
            other.offset - offset
        }

        package static func < (left: Instant, right: Instant) -> Bool {
            left.offset < right.offset
        }
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleeps = WaitList<Instant>()
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package var now: Instant { state.withLockedValue { $0.now } }

    package var minimumResolution: Duration { .nanoseconds(1) }

    /// How many tasks sleep now.
    package var sleeping: Int { state.withLockedValue { $0.sleeps.count } }

    /// How long it is until the earliest sleeper wakes; `nil` when nobody sleeps.
    package var untilNext: Duration? {
        state.withLockedValue { state in state.sleeps.earliest.map { state.now.duration(to: $0) } }
    }

    /// Returns when the clock has been advanced to `deadline`, at once if it is there already.
    package func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let id = state.withLockedValue { $0.sleeps.makeID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                begin(id, until: deadline, continuation)
            }
        } onCancel: {
            state.withLockedValue { $0.sleeps.canceled(id) }?.resume(throwing: CancellationError())
        }
    }

    /// Moves the clock and wakes those whose time has come, earliest first.
    package func advance(by duration: Duration) {
        let due = state.withLockedValue { state in
            state.now = state.now.advanced(by: duration)
            return state.sleeps.reached(state.now)
        }
        for continuation in due { continuation.resume() }
    }

    /// Moves the clock to the time of the earliest sleeper and wakes who sleeps until then; answers by how much.
    @discardableResult
    package func advanceToNext() -> Duration? {
        guard let duration = untilNext else { return nil }
        advance(by: duration)
        return duration
    }

    /// Returns when at least `count` tasks sleep; also when the caller is cancelled.
    package func sleepers(_ count: Int = 1) async { await observe { $0.count >= count } }

    /// Returns when a task sleeps until that long from now; also when the caller is cancelled.
    package func sleeper(in duration: Duration) async {
        let deadline = now.advanced(by: duration)
        await observe { $0.contains(deadline) }
    }

    private func observe(_ isMet: @escaping @Sendable (WaitList<Instant>) -> Bool) async {
        let id = state.withLockedValue { $0.sleeps.makeID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLockedValue {
                    !Task.isCancelled && $0.sleeps.observed(id, continuation, isMet: isMet)
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.sleeps.canceledObserver(id) }?.resume()
        }
    }

    private func begin(_ id: Int, until deadline: Instant, _ continuation: CheckedContinuation<Void, any Error>) {
        let begun = state.withLockedValue { state -> [CheckedContinuation<Void, Never>]? in
            // Under the lock: whoever is cancelled later finds the wait in the list.
            guard !Task.isCancelled, deadline > state.now else { return nil }
            return state.sleeps.began(id, until: deadline, continuation)
        }
        if let observers = begun {
            for observer in observers { observer.resume() }
        } else if Task.isCancelled {
            continuation.resume(throwing: CancellationError())
        } else {
            continuation.resume()
        }
    }
}
