import NIOConcurrencyHelpers

/// Holds the first reason for which something ended, and lets others wait for it.
final class FailureLatch: Sendable {
    private struct State {
        var failure: StoreError?
        var isClosed = false
        var waiters: [Int: AsyncStream<StoreError>.Continuation] = [:]
        var lastID = 0
    }

    private let state = NIOLockedValueBox(State())

    var isClosed: Bool { state.withLockedValue { $0.isClosed } }

    func set(_ error: StoreError) {
        let waiters = state.withLockedValue { state in
            state.failure = state.failure ?? error
            state.isClosed = state.isClosed || error.code == .closed
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters {
            waiter.yield(error)
            waiter.finish()
        }
    }

    /// The first reason; `closed` when the caller is cancelled before there is one.
    func wait() async -> StoreError {
        let (stream, continuation) = AsyncStream<StoreError>.makeStream()
        let (failure, id) = state.withLockedValue { state -> (StoreError?, Int) in
            guard state.failure == nil else { return (state.failure, 0) }
            state.lastID += 1
            state.waiters[state.lastID] = continuation
            return (nil, state.lastID)
        }
        if let failure { return failure }
        for await error in stream { return error }
        state.withLockedValue { $0.waiters[id] = nil }
        return .closed
    }
}
