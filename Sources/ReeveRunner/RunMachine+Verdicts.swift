import ReeveProtocol

extension RunMachine.Verdict {
    init(of step: RunStep) {
        self.init(step.outcome ?? .lost, step.cause, step.reason)
    }

    static func requested(_ request: StopRequest) -> Self {
        Self(.canceled, "requested", "stopped by \(request.by)" + (request.reason.map { ": \($0)" } ?? ""))
    }

    static var agentStopped: Self { Self(.canceled, "agentStopped", "the agent was stopped") }
    static var agentCrashed: Self { Self(.lost, "agentCrashed", "the agent went down while it ran") }
    static var notReached: Self { Self(.skipped, "notReached", "the run ended before it") }

    static var mayHaveStarted: Self {
        Self(.lost, "agentCrashed", "the agent went down as it was about to start: it may have started")
    }

    static func stepTimeout(_ limit: Interval) -> Self {
        Self(.timedOut, "timeout", "the step's timeout of \(limit) was reached")
    }

    static func runTimeout(_ limit: Interval) -> Self {
        Self(.timedOut, "timeout", "the run's timeout of \(limit) was reached")
    }

    static func notReady(within limit: Interval) -> Self {
        Self(.failed, "notReady", "it was not ready within \(limit)")
    }

    static func unhealthy(_ reason: String) -> Self { Self(.failed, "unhealthy", "it was unhealthy: \(reason)") }

    static func essentialEnded(_ step: String) -> Self {
        Self(.canceled, "essentialEnded", "step \(step) has ended, which is essential")
    }

    static func unmet(_ requirement: StepRequirement, _ state: String) -> Self {
        Self(.skipped, "requirement", "it requires \(requirement), which \(state)")
    }

    /// What a step, or a run, comes to that is ended for that cause; `nil` if the cause does not tell.
    static func outcome(ofEnding cause: String) -> Outcome? {
        switch cause {
        case "requested", "agentStopped", "essentialEnded": .canceled
        case "timeout": .timedOut
        case "notReady", "unhealthy": .failed
        case "agentCrashed": .lost
        default: nil
        }
    }

    /// Adds what a SIGKILL did not end.
    mutating func survived(by survivors: String?) {
        guard let survivors else { return }
        reason = (reason.map { "\($0); " } ?? "") + "survived SIGKILL: \(survivors)"
    }

    /// How a process ended of which nothing was asked.
    init(of end: RunMachine.StepEnd) {
        let verdict = ProcessVerdict(
            exitCode: end.exitCode,
            signal: end.signal,
            coreDumped: end.coreDumped,
            outOfMemoryKills: end.outOfMemoryKills
        )
        if verdict.isSuccess {
            self.init(.succeeded)
        } else {
            // Of some nothing is known: that is no success, and no failure of its own.
            self.init(verdict.isKnown ? .failed : .lost, verdict.cause, verdict.reason)
        }
    }
}
