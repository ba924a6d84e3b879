import NIOConcurrencyHelpers

extension Engine {
    /// Waits until all of these are started at the same time, and what they offer can be had.
    ///
    /// Throws an ``EngineError`` if the engine ends before, and `CancellationError` when the caller is cancelled.
    package func started(_ names: Set<String>) async throws {
        try await wait(.started(names))
    }

    /// Waits until none of these runs any more; a name that is not installed does not.
    ///
    /// Throws as ``started(_:)`` does, and an ``EngineError`` that names those who have not stopped within their limit
    /// when there is nobody else to wait for.
    package func stopped(_ names: Set<String>) async throws {
        try await wait(.stopped(names))
    }

    /// Returns when the engine's loop has done what was to be done until now: a sign of life for a watchdog. Throws as
    /// ``started(_:)`` does.
    package func answered() async throws {
        try await wait(.answered)
    }

    private func wait(_ condition: EngineWaiters.Condition) async throws {
        let id = state.withLockedValue { $0.waiters.makeID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in begin(id, condition, continuation) }
        } onCancel: {
            state.withLockedValue { $0.waiters.remove(id) }?.resume(throwing: CancellationError())
        }
    }

    private func begin(_ id: Int, _ condition: EngineWaiters.Condition, _ continuation: EngineWaiters.Continuation) {
        let answer = state.withLockedValue { state -> Result<Void, any Error>? in
            if Task.isCancelled { return .failure(CancellationError()) }
            if state.hasEnded { return state.endAnswer(condition) }
            // Not even if it holds now: the loop may have to do yet what was decided.
            state.waiters.insert(id, condition, continuation, state.machine)
            return nil
        }
        if let answer { continuation.resume(with: answer) } else { signal.yield() }
    }

    /// To be called by the loop when it has done everything.
    func answerWaiters() {
        let satisfied = state.withLockedValue { state in
            state.actions.isEmpty ? state.waiters.take() : []
        }
        for (waiter, answer) in satisfied { waiter.resume(with: answer) }
    }

    /// To be called by the loop at its end.
    func dismissWaiters() {
        let (satisfied, others) = state.withLockedValue { state in
            state.hasEnded = true
            // Their starts may hold on to the engine itself.
            state.manifolds = [:]
            return (state.waiters.take(), state.waiters.takeAll())
        }
        for (waiter, answer) in satisfied { waiter.resume(with: answer) }
        for waiter in others { waiter.resume(throwing: EngineError.stopping) }
    }
}

extension Engine.State {
    fileprivate func endAnswer(_ condition: EngineWaiters.Condition) -> Result<Void, any Error> {
        EngineWaiters.Wait(for: condition, machine).answer ?? .failure(EngineError.stopping)
    }
}
