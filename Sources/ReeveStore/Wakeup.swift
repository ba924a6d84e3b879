import NIOConcurrencyHelpers
package import ReeveProtocol

/// A flag that one task waits for and others set; setting it while nobody waits is not lost.
///
/// Unlike a stream it can be waited for again after a wait was cancelled.
package final class Wakeup: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package func set() {
        let waiter = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            defer { state.waiter = nil }
            state.isSet = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when the flag is set, and clears it; also when the caller is cancelled.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLockedValue { state in
                    // Under the lock: a cancellation after this finds the continuation.
                    guard !state.isSet, !Task.isCancelled else {
                        state.isSet = state.isSet && Task.isCancelled
                        return false
                    }
                    state.waiter = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLockedValue { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }

    /// Waits for the flag, at most until the clock shows that time, or is set; `nil`: until it is set. Whether it was the
    /// flag. Throws `CancellationError` when the caller is cancelled.
    package func wait(until time: Timestamp?, on clock: any WallClock) async throws -> Bool {
        try await wait { try await clock.wait(until: time) }
    }

    /// Waits for the flag, at most for that long; `nil`: until it is set. Whether it was the flag. Throws
    /// `CancellationError` when the caller is cancelled.
    package func wait(atMost time: Duration?, on clock: any Clock<Duration>) async throws -> Bool {
        guard let time else {
            await wait()
            try Task.checkCancellation()
            return true
        }
        return try await wait { try await clock.sleep(for: time) }
    }

    private func wait(orFor other: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await other()
                return false
            }
            group.addTask {
                await self.wait()
                return true
            }
            defer { group.cancelAll() }
            let isSet = try await group.next() ?? false
            try Task.checkCancellation()
            return isSet
        }
    }
}
