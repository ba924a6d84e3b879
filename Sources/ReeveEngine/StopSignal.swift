import NIOConcurrencyHelpers

/// A request to stop: made once, seen by everybody who waits for it.
package final class StopSignal: Sendable {
    private struct State {
        var isRequested = false
        var lastID = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    package var isRequested: Bool { state.withLockedValue { $0.isRequested } }

    /// Makes the request; again is harmless.
    package func request() {
        let waiters = state.withLockedValue { state in
            state.isRequested = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the request has been made, or when the caller's task is cancelled.
    package func requested() async {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLockedValue { state in
                    guard !state.isRequested, !Task.isCancelled else { return false }
                    state.waiters[id] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
