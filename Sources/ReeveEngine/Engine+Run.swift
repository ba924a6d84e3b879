import Logging
import NIOConcurrencyHelpers

extension Engine {
    /// The task that sleeps until the machine's next deadline.
    private struct Alarm {
        let deadline: Duration
        let task: Task<Void, Never>
    }

    /// Runs the engine until it has been shut down. To be called once.
    ///
    /// Throws the worst fatal error, if there was one. Answers the names of those who did not stop in time and were left
    /// running. A cancellation of the caller's task is a shutdown within the configured limit.
    @discardableResult
    package func run() async throws -> [String] {
        let isFirst = state.withLockedValue { state in
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
        guard isFirst else { throw EngineError.alreadyRunning }
        // Its own task, since a shutdown has to go on when the caller is cancelled.
        let loop = Task { await perform() }
        let left = await withTaskCancellationHandler {
            await loop.value
        } onCancel: {
            shutdown()
        }
        if let fatal = state.withLockedValue({ $0.fatal }) { throw fatalErrors.filter(fatal) }
        return left
    }

    private func perform() async -> [String] {
        signal.yield()
        var alarm: Alarm?
        var left: [String]?
        for await _ in signals {
            var actions = takeActions()
            while !actions.isEmpty {
                for action in actions {
                    if case .finish(let names) = action { left = names }
                    perform(action)
                }
                actions = takeActions()
            }
            if left != nil { break }
            answerWaiters()
            rearm(&alarm)
        }
        alarm?.task.cancel()
        await alarm?.task.value
        dismissWaiters()
        return left ?? []
    }

    private func takeActions() -> [EngineAction] {
        state.withLockedValue { state in
            defer { state.actions = [] }
            return state.actions
        }
    }

    private func perform(_ action: EngineAction) {
        switch action {
        case .start(let attempt): launch(attempt)
        case .stop(let attempt): stop(attempt)
        case .cancel(let attempt): cancel(attempt)
        case .present(let attempt): present(attempt)
        case .absent(let resources): withdraw(resources)
        case .forget(let resource): dropCell(of: resource)
        case .tell(let transition): tell(transition)
        case .remove, .finish: break
        }
    }

    // MARK: Time

    private func rearm(_ alarm: inout Alarm?) {
        let deadline = state.withLockedValue { $0.machine.nextDeadline }
        guard deadline != alarm?.deadline else { return }
        alarm?.task.cancel()
        alarm = deadline.map { deadline in Alarm(deadline: deadline, task: Task { await wake(at: deadline) }) }
    }

    private func wake(at deadline: Duration) async {
        let delay = deadline - elapsed()
        if delay > .zero {
            do { try await clock.sleep(for: delay) } catch { return }
        }
        // The deadline itself, should the clock have woken a little early: the alarm is not set again for the same time.
        change { state, now in state.machine.timePassed(at: max(now, deadline)) }
    }

    // MARK: Telling

    private func tell(_ transition: Transition) {
        log(transition)
        onTransition(transition)
    }

    private func log(_ transition: Transition) {
        var metadata: Logger.Metadata = ["manifold": "\(transition.manifold)", "state": "\(transition.state.rawValue)"]
        if let reason = transition.reason { metadata["reason"] = "\(reason)" }
        if let retryIn = transition.retryIn { metadata["retry.in"] = "\(retryIn)" }
        guard transition.failures > 0 else { return logger.debug("a worker's state changed", metadata: metadata) }
        metadata["failures"] = "\(transition.failures)"
        if transition.state == .failed {
            logger.error("a worker failed too often and is given up", metadata: metadata)
        } else if transition.failures.nonzeroBitCount == 1 {
            // A crash loop shall not flood the log: the 1st, 2nd, 4th, 8th ... failure in a row is told loudly.
            logger.warning("a worker failed", metadata: metadata)
        } else {
            logger.debug("a worker failed", metadata: metadata)
        }
    }
}
