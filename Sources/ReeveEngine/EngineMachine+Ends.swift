// How an attempt ended, and what is next for its manifold.
extension EngineMachine {
    mutating func conclude(_ id: Int, _ outcome: Outcome, wasTold: Bool, ran: Duration?) {
        if case .fatal(let message) = outcome {
            nodes[id].lastFailure = Node.Failure(message: message, time: now)
            fatal = fatal ?? message
            beginShutdown(within: configuration.shutdownLimit)
        }
        if nodes[id].isRemoved || outcome == .uninstalled { return forget(id) }
        if let message = nodes[id].startFailure {
            nodes[id].startFailure = nil
            return failed(id, message, ran: nil)
        }
        guard !wasTold else { return resume(id) }
        switch outcome {
        case .completed:
            nodes[id].failures = 0
            rest(id, .completed)
        case .missing(let message):
            nodes[id].lastFailure = Node.Failure(message: message, time: now)
            rest(id, .missing)
        case .bounced:
            nodes[id].bounces = true
            resume(id)
        case .failed(let message):
            failed(id, message, ran: ran)
        case .fatal, .uninstalled:
            tell(id)
        }
    }

    /// It was told to stop, and has: what it does now depends on what has been decided meanwhile.
    private mutating func resume(_ id: Int) {
        let bounces = nodes[id].bounces
        nodes[id].bounces = false
        if bounces, mayStart(id) {
            wait(id, configuration.bounceDelay)
        } else {
            tell(id)
            settle(id)
        }
    }

    private mutating func rest(_ id: Int, _ rest: Node.Rest) {
        nodes[id].rest = nodes[id].rest ?? rest
        nodes[id].bounces = false
        tell(id)
    }

    private mutating func failed(_ id: Int, _ message: String, ran: Duration?) {
        let backoff = nodes[id].declaration.limits.backoff ?? configuration.backoff
        let ranWell = ran.map { $0 >= backoff.resetAfter } ?? false
        nodes[id].failures = ranWell ? 1 : nodes[id].failures + 1
        nodes[id].lastFailure = Node.Failure(message: message, time: now)
        nodes[id].bounces = false
        if isTooMuch(id) {
            nodes[id].rest = nodes[id].rest ?? .failed
            tell(id, failed: true)
        } else if mayStart(id) {
            wait(id, backoff.wait(failures: nodes[id].failures, using: &generator), failed: true)
        } else {
            tell(id, failed: true)
        }
    }

    private mutating func isTooMuch(_ id: Int) -> Bool {
        guard let limit = nodes[id].declaration.limits.failures ?? configuration.failureLimit else { return false }
        // In order, so that a large limit costs no walk over all of them at each failure.
        let expired = nodes[id].failureTimes.prefix { $0 < now - limit.window }.count
        nodes[id].failureTimes.removeFirst(expired)
        nodes[id].failureTimes.append(now)
        return nodes[id].failureTimes.count >= limit.count
    }
}
