import NIOConcurrencyHelpers
package import ReeveProtocol

/// A wall clock that stands still until a test moves it or sets it.
package final class ManualWallClock: WallClock, Sendable {
    private struct State {
        var now: Timestamp
        var waits = WaitList<Timestamp>()
    }

    private let state: NIOLockedValueBox<State>

    /// Shows 2026-11-21T03:00:00Z at first unless told otherwise.
    package init(now: Timestamp = Timestamp(seconds: 1_795_230_000)) {
        state = NIOLockedValueBox(State(now: now))
    }

    package var now: Timestamp { state.withLockedValue { $0.now } }

    /// How many tasks wait now.
    package var waiting: Int { state.withLockedValue { $0.waits.count } }

    /// The earliest time that anybody waits for; `nil` when nobody waits for a time.
    package var nextDeadline: Timestamp? { state.withLockedValue { $0.waits.earliest } }

    package func wait(until deadline: Timestamp?) async throws {
        let id = state.withLockedValue { $0.waits.makeID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                begin(id, until: deadline, continuation)
            }
        } onCancel: {
            state.withLockedValue { $0.waits.canceled(id) }?.resume(throwing: CancellationError())
        }
    }

    /// Time passes: wakes those whose time has come, earliest first.
    package func advance(by interval: Interval) {
        let due = state.withLockedValue { state in
            state.now = state.now + interval
            return state.waits.reached(state.now)
        }
        for continuation in due { continuation.resume() }
    }

    /// Somebody sets the clock, forwards or back: wakes everybody.
    package func set(to time: Timestamp) {
        let woken = state.withLockedValue { state in
            state.now = time
            return state.waits.all()
        }
        for continuation in woken { continuation.resume() }
    }

    /// Returns when at least `count` tasks wait; also when the caller is cancelled.
    package func waiters(_ count: Int = 1) async { await observe { $0.count >= count } }

    /// Returns when a task waits until that time; also when the caller is cancelled.
    package func waiter(until deadline: Timestamp) async { await observe { $0.contains(deadline) } }

    private func observe(_ isMet: @escaping @Sendable (WaitList<Timestamp>) -> Bool) async {
        let id = state.withLockedValue { $0.waits.makeID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLockedValue {
                    !Task.isCancelled && $0.waits.observed(id, continuation, isMet: isMet)
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.waits.canceledObserver(id) }?.resume()
        }
    }

    private func begin(_ id: Int, until deadline: Timestamp?, _ continuation: CheckedContinuation<Void, any Error>) {
        let begun = state.withLockedValue { state -> [CheckedContinuation<Void, Never>]? in
            // Under the lock: whoever is cancelled later finds the wait in the list.
            guard !Task.isCancelled, deadline.map({ $0 > state.now }) ?? true else { return nil }
            return state.waits.began(id, until: deadline, continuation)
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
