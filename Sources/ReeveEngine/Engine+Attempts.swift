import Logging
import NIOConcurrencyHelpers

// One attempt is two tasks: the start, which is cancelled when it is no longer wanted, and around it the one that sees
// the attempt to its end. Neither is a child of the loop, since what does not stop has to be left behind at last.
extension Engine {
    func launch(_ attempt: Attempt) {
        let isLaunched = state.withLockedValue { state in
            guard state.machine.isWanted(attempt), let manifold = state.manifolds[attempt.manifold] else {
                return false
            }
            let inputs = state.inputs(of: manifold)
            let starting = Task { try await manifold.start(inputs) }
            let task = Task { await see(attempt, of: manifold, starting, inputs) }
            state.attempts[attempt] = RunningAttempt(starting: starting, task: task)
            return true
        }
        // Stopped before it began: there is no error to tell.
        if !isLaunched { change { state, now in state.machine.ended(attempt, .completed, at: now) } }
    }

    func stop(_ attempt: Attempt) {
        guard let running = state.withLockedValue({ $0.attempts[attempt] }) else { return }
        if let started = running.started { started.worker.stop() } else { running.starting.cancel() }
    }

    func cancel(_ attempt: Attempt) {
        logger.error("a worker has not stopped in time", metadata: ["manifold": "\(attempt.manifold)"])
        let running = state.withLockedValue { $0.attempts[attempt] }
        running?.starting.cancel()
        running?.task.cancel()
    }

    /// From the start to the end of the worker.
    private func see(
        _ attempt: Attempt,
        of manifold: Manifold,
        _ starting: Task<Started, any Error>,
        _ inputs: Inputs
    ) async {
        var end: (any Error)?
        do {
            let result = await starting.result
            inputs.expire()
            try await keep(attempt, of: manifold, try result.get())
        } catch {
            end = error
        }
        let error = manifold.filter(end)
        let outcome = outcome(of: error)
        if let message = outcome.message {
            let metadata: Logger.Metadata = ["manifold": "\(attempt.manifold)", "reason": "\(message)"]
            logger.debug("a worker or its start ended with an error", metadata: metadata)
        }
        change { state, now in
            state.attempts[attempt] = nil
            if case .fatal = outcome, let error {
                state.fatal = state.fatal.map { fatalErrors.worst(error, $0) } ?? error
            }
            state.machine.ended(attempt, outcome, at: now)
        }
    }

    private func keep(_ attempt: Attempt, of manifold: Manifold, _ started: Started) async throws {
        let declared = Set(manifold.outputs)
        let offered = started.outputs.map(\.declaration)
        let fits = Set(offered) == declared && offered.count == declared.count
        let isWanted = fits && accept(attempt, started)
        if !isWanted { started.worker.stop() }
        do {
            try await started.worker.wait()
        } catch {
            // What it says to a stop that its own outputs caused is less than that.
            if fits { throw error }
        }
        if !fits {
            throw EngineError.wrongOutputs(
                manifold.name,
                declared: declared.map(\.text).sorted(),
                offered: offered.map(\.text).sorted()
            )
        }
    }

    private func accept(_ attempt: Attempt, _ started: Started) -> Bool {
        change { state, now in
            guard state.machine.started(attempt, at: now) else { return false }
            state.attempts[attempt]?.started = started
            return true
        }
    }

    private func outcome(of error: (any Error)?) -> Outcome {
        guard let error else { return .completed }
        let text = String(describing: error)
        if fatalErrors.isFatal(error) { return .fatal(text) }
        switch (error as? any DirectingError)?.directive {
        case .bounce: return .bounced
        case .uninstall: return .uninstalled
        case .missing(let what): return .missing(what)
        case nil: return .failed(text)
        }
    }

    // MARK: Resources

    func present(_ attempt: Attempt) {
        let offers = state.withLockedValue { state -> [(LiveCell, any Sendable)] in
            // It may have ended already; then its absence is what comes next.
            guard let started = state.attempts[attempt]?.started else { return [] }
            return started.outputs.map { (state.cell(of: $0.declaration.name), $0.value) }
        }
        for (cell, value) in offers { cell.set(value) }
    }

    func withdraw(_ resources: [String]) {
        let cells = state.withLockedValue { state in resources.compactMap { state.cells[$0] } }
        for cell in cells { cell.set(nil) }
    }

    /// Forgets the cell of a resource, unless somebody has come to offer or want it again.
    func dropCell(of resource: String) {
        let dropped = state.withLockedValue { state in
            state.machine.knows(resource) ? nil : state.cells.removeValue(forKey: resource)
        }
        dropped?.set(nil)
    }
}

extension Engine.State {
    fileprivate mutating func cell(of resource: String) -> LiveCell {
        if let known = cells[resource] { return known }
        let cell = LiveCell()
        cells[resource] = cell
        return cell
    }

    /// As they are at this point of the loop, which has done all that was decided before the start.
    fileprivate mutating func inputs(of manifold: Manifold) -> Inputs {
        var values: [String: any Sendable] = [:]
        var live: [String: LiveCell] = [:]
        for input in manifold.inputs {
            let cell = cell(of: input.resource.name)
            if input.kind == .live {
                live[input.resource.name] = cell
            } else {
                values[input.resource.name] = cell.value
            }
        }
        return Inputs(manifold: manifold.name, inputs: manifold.inputs, values: values, cells: live)
    }
}

extension ResourceDeclaration {
    fileprivate var text: String { "\(name): \(type)" }
}
