package import ReeveProtocol

/// The life of one run: what happened goes in, what is to be done comes out.
///
/// It holds no process, timer or database. Its owner does the actions in their order and waits for each: an intent is
/// saved before the process that it announces starts. Steps run one after another; the first that does not succeed
/// ends the run, and the steps behind it are told as skipped. The run's outcome is that of the step that ended it.
package struct RunMachine: Sendable {
    package enum Event: Sendable, Equatable {
        /// The run may begin.
        case admitted
        /// The step's process runs.
        case started(pid: Int)
        /// The step's process could not be started.
        case startFailed(cause: String, reason: String)
        /// The step's process ended, and what it had started was left or killed.
        case ended(StepEnd)
        case stopRequested(StopRequest)
        /// The agent is stopping, and the run is not to outlive it.
        case agentStopping
        case stepTimedOut(step: Int)
        case runTimedOut
        /// The time between the signal to end and the kill is over.
        case graceOver(step: Int)
        /// The agent comes back to a run whose step's process was started and cannot be found.
        case processLost
    }

    package enum Action: Sendable, Equatable {
        /// Commit the run as it stands, with a change for each of these steps.
        case save(steps: [Int])
        /// Start the step's process, then answer with `started` or `startFailed`.
        case start(step: Int)
        case awaitStepTimeout(step: Int, after: Interval)
        case awaitRunTimeout(after: Interval)
        case awaitGrace(step: Int, after: Interval)
        case signal(step: Int, number: Int32)
        case kill(step: Int)
        /// Nothing more happens to this run.
        case finish
    }

    /// How a step's process ended.
    package struct StepEnd: Sendable, Equatable {
        package var exitCode: Int?
        package var signal: Int?
        package var usage: Usage?
        package var output: OutputSummary?
        package var at: Timestamp

        package init(exitCode: Int?, signal: Int?, usage: Usage? = nil, output: OutputSummary? = nil, at: Timestamp) {
            self.exitCode = exitCode
            self.signal = signal
            self.usage = usage
            self.output = output
            self.at = at
        }
    }

    /// Why processes are being ended before they end by themselves.
    private enum Ending: Equatable {
        case requested(StopRequest)
        case agentStopped
        case stepTimeout(Interval)
        case runTimeout(Interval)
    }

    package private(set) var run: Run
    package let steps: [StepDefinition]
    private let timeout: Interval?
    private var ending: Ending?

    /// `run` is pending, or was left by an agent's part that had to restart, with a step that still runs.
    package init(run: Run, definition: TaskDefinition) {
        self.run = run
        var steps = definition.effectiveSteps
        if let overrides = run.overrides, !steps.isEmpty {
            if let command = overrides.command {
                steps[0].command = command
                steps[0].script = nil
            }
            steps[0].input = overrides.input ?? steps[0].input
            for index in steps.indices {
                steps[index].environment = (steps[index].environment ?? [:])
                    .merging(overrides.environment ?? [:]) { _, own in own }
            }
        }
        self.steps = steps
        timeout = definition.timeout
        if run.steps.isEmpty { self.run.steps = steps.map { RunStep(name: $0.name) } }
        if let request = run.stopRequest, run.status == .stopping { ending = .requested(request) }
    }

    /// The step whose process runs or is about to, if any.
    package var currentStep: Int? {
        run.steps.firstIndex { $0.status > .pending && $0.status < .stopped }
    }

    package mutating func handle(_ event: Event, at now: Timestamp) -> [Action] {
        guard run.status != .stopped else { return [] }
        switch event {
        case .admitted: return admitted(now)
        case .started(let pid): return started(pid, now)
        case .startFailed(let cause, let reason): return startFailed(cause, reason, now)
        case .ended(let end): return ended(end)
        case .stopRequested(let request): return stop(.requested(request), request: request, now)
        case .agentStopping: return stop(.agentStopped, request: nil, now)
        case .stepTimedOut(let step): return stepTimedOut(step, now)
        case .runTimedOut: return stop(.runTimeout(timeout ?? .zero), request: nil, now)
        case .graceOver(let step): return currentStep == step ? [.kill(step: step)] : []
        case .processLost: return processLost(now)
        }
    }

    // MARK: Events

    private mutating func admitted(_ now: Timestamp) -> [Action] {
        guard run.status == .pending else { return [] }
        run.status = .preparing
        run.startedAt = now
        run.steps[0].status = .preparing
        return [.save(steps: [0])] + (timeout.map { [.awaitRunTimeout(after: $0)] } ?? []) + [.start(step: 0)]
    }

    private mutating func started(_ pid: Int, _ now: Timestamp) -> [Action] {
        guard let step = currentStep else { return [] }
        run.steps[step].status = .running
        run.steps[step].pid = pid
        run.steps[step].startedAt = now
        if run.status < .running { run.status = .running }
        var actions: [Action] = [.save(steps: [step])]
        if let timeout = steps[step].timeout { actions.append(.awaitStepTimeout(step: step, after: timeout)) }
        if ending != nil { actions += signalActions(step) }
        return actions
    }

    private mutating func startFailed(_ cause: String, _ reason: String, _ now: Timestamp) -> [Action] {
        guard let step = currentStep else { return [] }
        close(step, .failed, cause: cause, reason: reason, at: now)
        return finish(.failed, cause: cause, reason: reason, step: step, at: now)
    }

    private mutating func ended(_ end: StepEnd) -> [Action] {
        guard let step = currentStep else { return [] }
        run.steps[step].exitCode = end.exitCode
        run.steps[step].signal = end.signal
        run.steps[step].usage = end.usage
        run.steps[step].output = end.output
        let (outcome, cause, reason) = judge(end)
        // The start is noted when it is heard of, which a short process does not wait for.
        let end = max(end.at, run.steps[step].startedAt ?? end.at)
        close(step, outcome, cause: cause, reason: reason, at: end)
        guard outcome == .succeeded, step + 1 < steps.count else {
            // What was told to end, ends whole: also what the process had started and left behind.
            return (ending == nil ? [] : [.kill(step: step)])
                + finish(outcome, cause: cause, reason: reason, step: step, at: end)
        }
        run.steps[step + 1].status = .preparing
        return [.save(steps: [step, step + 1]), .start(step: step + 1)]
    }

    private mutating func stop(_ reason: Ending, request: StopRequest?, _ now: Timestamp) -> [Action] {
        guard ending == nil else { return [] }
        ending = reason
        run.stopRequest = run.stopRequest ?? request
        guard let step = currentStep else {
            let (outcome, cause, text) = endingVerdict(reason)
            return finish(outcome, cause: cause, reason: text, step: nil, at: now)
        }
        run.status = .stopping
        return [.save(steps: [])] + (run.steps[step].status >= .running ? signalActions(step) : [])
    }

    private mutating func stepTimedOut(_ step: Int, _ now: Timestamp) -> [Action] {
        guard currentStep == step, let timeout = steps[step].timeout else { return [] }
        return stop(.stepTimeout(timeout), request: nil, now)
    }

    private mutating func processLost(_ now: Timestamp) -> [Action] {
        let reason = "the agent went down while it ran"
        guard let step = currentStep else {
            return finish(.lost, cause: "agentCrashed", reason: reason, step: nil, at: now)
        }
        let mayHave = run.steps[step].status < .running
        let text = mayHave ? "the agent went down as it was about to start: it may have started" : reason
        close(step, .lost, cause: "agentCrashed", reason: text, at: now)
        return finish(.lost, cause: "agentCrashed", reason: text, step: step, at: now)
    }

    // MARK: Pieces

    private func signalActions(_ step: Int) -> [Action] {
        let stop = steps[step].stop ?? StopDefinition()
        return [.signal(step: step, number: stop.signalNumber), .awaitGrace(step: step, after: stop.effectiveGrace)]
    }

    private mutating func close(
        _ step: Int,
        _ outcome: Outcome,
        cause: String?,
        reason: String?,
        at now: Timestamp
    ) {
        run.steps[step].status = .stopped
        run.steps[step].outcome = outcome
        run.steps[step].cause = cause
        run.steps[step].reason = reason
        run.steps[step].stoppedAt = now
    }

    private mutating func finish(
        _ outcome: Outcome,
        cause: String?,
        reason: String?,
        step: Int?,
        at now: Timestamp
    ) -> [Action] {
        var changed = step.map { [$0] } ?? []
        for index in run.steps.indices where run.steps[index].status == .pending {
            close(index, .skipped, cause: "notReached", reason: "the run ended before it", at: now)
            changed.append(index)
        }
        run.status = .stopped
        run.outcome = outcome
        run.cause = cause
        run.reason = outcome == .succeeded ? nil : prefixed(reason, step)
        run.stoppedAt = now
        return [.save(steps: changed), .finish]
    }

    private func prefixed(_ reason: String?, _ step: Int?) -> String? {
        guard let reason, let step, steps.count > 1 else { return reason }
        return "step \(steps[step].name): \(reason)"
    }

    /// How a step ended, given what was asked of it.
    private func judge(_ end: StepEnd) -> (Outcome, cause: String?, reason: String?) {
        if let ending { return endingVerdict(ending) }
        if let signal = end.signal { return (.failed, "signal", "ended by signal \(signal)") }
        // Neither is known: somebody else has waited for the process. That is no success, and no failure of its own.
        guard let code = end.exitCode else { return (.lost, "unknown", "ended, and it is not known how") }
        return code == 0 ? (.succeeded, nil, nil) : (.failed, "exit", "exited with \(code)")
    }

    private func endingVerdict(_ ending: Ending) -> (Outcome, cause: String?, reason: String?) {
        switch ending {
        case .requested(let request):
            (.canceled, "requested", "stopped by \(request.by)" + (request.reason.map { ": \($0)" } ?? ""))
        case .agentStopped: (.canceled, "agentStopped", "the agent was stopped")
        case .stepTimeout(let limit): (.timedOut, "timeout", "the step's timeout of \(limit) was reached")
        case .runTimeout(let limit): (.timedOut, "timeout", "the run's timeout of \(limit) was reached")
        }
    }
}
