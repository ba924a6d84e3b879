package import ReeveLaunch
package import ReeveProtocol

/// The life of one run: what happened goes in, what is to be done comes out.
///
/// It holds no process, timer or database. Its owner does the actions in their order and waits for each: an intent is
/// saved before the process that it announces starts.
///
/// A step starts when what it requires of other steps is so, and is told as skipped when that can no longer be. The run
/// is `preparing` until a process runs, then `running`, `stopping` once it is ended as a whole, and `stopped` with its
/// last step. Its outcome is
/// 1. what ended it as a whole: a request, its timeout, the agent's end, or the end of a step that is essential;
/// 2. else that of the first step that was lost, or else did not succeed; those whose `essential` is `false` do not count;
/// 3. else `failed`, if one that counts was skipped: something was to be done, and was not;
/// 4. else `succeeded`.
package struct RunMachine: Sendable {
    /// One try of a step: what is heard of an earlier one concerns nobody.
    package struct Try: Sendable, Hashable {
        /// Where the step stands in the task.
        package var step: Int
        package var attempt: Int

        package init(_ step: Int, attempt: Int = 1) {
            self.step = step
            self.attempt = attempt
        }
    }

    package enum Timer: Sendable, Hashable {
        case run
        case step(Try)
        /// To become ready.
        case readiness(Try)
        /// Between the signal to end and the kill.
        case grace(Try)
        /// Until a try begins.
        case retry(Try)
    }

    package enum Event: Sendable, Equatable {
        /// The run may begin.
        case admitted
        /// The run had begun before, and is taken up again. These processes of its steps are known still, by step; those
        /// of other steps that ran are gone, and so is all that they had started; but these tries have not been started.
        /// - Parameter survivors: What has lasted of what is gone though it was killed, for people.
        case resumed(found: [Int: Int], unstarted: [Try] = [], survivors: String? = nil)
        /// What became of the attachments: all that are to be put in place, or why not.
        case attached([RunAttachment])
        /// The process runs.
        case started(Try, pid: Int, notEnforced: [String] = [])
        /// The process could not be started.
        case startFailed(Try, cause: String, reason: String)
        /// It said that it is ready, or was seen to be.
        case becameReady(Try)
        case health(Try, ProbeMachine.Verdict)
        /// The process ended, and what it had started was left or killed.
        case ended(Try, StepEnd)
        /// Nothing of it runs any more; but for these, for people, which a SIGKILL did not end.
        case killed(Try, survivors: String?)
        case stopRequested(StopRequest)
        /// The agent is stopping, and the run is not to outlive it.
        case agentStopping
        case timeIsOver(Timer)
    }

    package enum Action: Sendable, Equatable {
        /// Commit the run as it stands, with a change for each of these.
        case save([RunDetail])
        /// Put the attachments in place, then answer with `attached`.
        case attach
        /// No more of them need be put in place; `attached` is answered all the same.
        case stopAttaching
        /// Start the process, then answer with `started` or `startFailed`.
        case start(Try)
        /// Answer with `timeIsOver` after this.
        case wait(Timer, Interval)
        /// Answer with `becameReady` when the process is.
        case awaitReadiness(Try)
        /// Ask for its health again and again, and answer with `health` at each change.
        case probe(Try)
        case signal(Try, number: Int32)
        /// End all that the process has started, and itself if it runs, then answer with `killed`.
        case kill(Try)
        /// Nothing more happens to this run.
        case finish
    }

    /// How a step's process ended.
    package struct StepEnd: Sendable, Equatable {
        package var exitCode: Int?
        package var signal: Int?
        package var coreDumped: Bool
        /// How many of its processes the kernel has killed for want of memory.
        package var outOfMemoryKills: Int
        package var usage: Usage?
        package var output: OutputSummary?
        package var at: Timestamp

        package init(
            exitCode: Int?,
            signal: Int?,
            coreDumped: Bool = false,
            outOfMemoryKills: Int = 0,
            usage: Usage? = nil,
            output: OutputSummary? = nil,
            at: Timestamp
        ) {
            self.exitCode = exitCode
            self.signal = signal
            self.coreDumped = coreDumped
            self.outOfMemoryKills = outOfMemoryKills
            self.usage = usage
            self.output = output
            self.at = at
        }
    }

    /// An outcome, and why it came to it.
    struct Verdict: Sendable, Equatable {
        var outcome: Outcome
        var cause: String?
        var reason: String?

        init(_ outcome: Outcome, _ cause: String? = nil, _ reason: String? = nil) {
            self.outcome = outcome
            self.cause = cause
            self.reason = reason
        }
    }

    /// What one event leads to: it is saved, and then done.
    struct Turn {
        var details: [RunDetail] = []
        /// The run itself changed, or a detail did.
        var isChanged = false
        var then: [Action] = []
        var isOver = false

        var actions: [Action] {
            (isChanged || !details.isEmpty ? [.save(details)] : []) + (isOver ? [.finish] : then)
        }
    }

    package internal(set) var run: Run
    package let steps: [StepDefinition]
    let places: [String: Int]
    package let attachments: [AttachmentDefinition]
    /// Whose attachments are that say nothing else: the task's user.
    package let owner: String?
    /// By name, as this run has them.
    package let parameters: [String: String]
    /// Of the units of its steps, where the runner is systemd.
    let unit: UnitDefinition?
    let timeout: Interval?
    /// Why the steps are being ended that are, before they end by themselves.
    var endings: [Int: Verdict] = [:]
    /// How processes ended of which the rest is being killed.
    var ends: [Int: StepEnd] = [:]
    /// The attachments are being put in place.
    var isAttaching = false
    /// What the run comes to that is being ended as a whole.
    var runEnding: Verdict?

    /// `run` is pending, or was left by an agent's part that had to restart.
    package init(run: Run, definition: TaskDefinition) {
        self.run = run
        var steps = definition.effectiveSteps
        if let overrides = run.overrides, !steps.isEmpty {
            if let command = overrides.command {
                steps[0].command = command
                steps[0].script = nil
            }
            if let input = overrides.input {
                steps[0].input = .text(input)
                steps[0].terminal = nil
            }
            for index in steps.indices {
                steps[index].environment = (steps[index].environment ?? [:])
                    .merging(overrides.environment ?? [:]) { _, own in own }
            }
        }
        self.steps = steps
        places = Dictionary(steps.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        unit = definition.unit
        timeout = definition.timeout
        attachments = definition.attachments ?? []
        owner = definition.user
        parameters = definition.parameterValues(given: run.overrides?.parameters ?? [:])
        if run.steps.isEmpty { self.run.steps = steps.map { RunStep(name: $0.name) } }
    }

    /// The tries whose processes run or are about to, in the order of the task.
    package var activeTries: [Try] {
        run.steps.indices.filter { isActive($0) }.map(present)
    }

    package mutating func handle(_ event: Event, at now: Timestamp) -> [Action] {
        guard run.status != .stopped else { return [] }
        var turn = Turn()
        switch event {
        case .admitted: admitted(&turn, now)
        case .resumed(let found, let unstarted, let survivors):
            resumed(found, unstarted, survivors, &turn, now)
        case .attached(let attachments): attached(attachments, &turn, now)
        case .started(let attempt, let pid, let limits): started(attempt, pid, notEnforced: limits, &turn, now)
        case .startFailed(let attempt, let cause, let reason): startFailed(attempt, cause, reason, &turn, now)
        case .becameReady(let attempt): becameReady(attempt, &turn, now)
        case .health(let attempt, let verdict): health(attempt, verdict, &turn, now)
        case .ended(let attempt, let end): ended(attempt, end, &turn, now)
        case .killed(let attempt, let survivors): killed(attempt, survivors, &turn, now)
        case .stopRequested(let request): stopRequested(request, &turn, now)
        case .agentStopping: endWhole(.agentStopped, &turn, now)
        case .timeIsOver(let timer): timeIsOver(timer, &turn, now)
        }
        return turn.actions
    }

    // MARK: The run

    private mutating func admitted(_ turn: inout Turn, _ now: Timestamp) {
        guard run.status == .pending else { return }
        run.status = .preparing
        run.startedAt = now
        turn.isChanged = true
        if let timeout { turn.then.append(.wait(.run, timeout)) }
        if !attachments.isEmpty { begin(with: attachments, &turn, now) }
        goOn(&turn, now)
    }

    private mutating func stopRequested(_ request: StopRequest, _ turn: inout Turn, _ now: Timestamp) {
        let isNews = run.stopRequest != request
        run.stopRequest = request
        // Those that were told to end before, for whatever reason, are told what is new of it.
        if isNews { strengthen(request, &turn, now) }
        if runEnding == nil { endWhole(.requested(request), &turn, now) }
    }

    private mutating func timeIsOver(_ timer: Timer, _ turn: inout Turn, _ now: Timestamp) {
        switch timer {
        case .run: endWhole(.runTimeout(timeout ?? .zero), &turn, now)
        case .step(let attempt):
            guard isPresent(attempt), let timeout = steps[attempt.step].timeout else { return }
            end(attempt.step, .stepTimeout(timeout), &turn, now)
        case .readiness(let attempt):
            guard isPresent(attempt), !isReady(attempt.step) else { return }
            end(attempt.step, .notReady(within: readinessTimeout(attempt.step)), &turn, now)
        case .grace(let attempt):
            if isPresent(attempt), ends[attempt.step] == nil { turn.then.append(.kill(attempt)) }
        case .retry(let attempt):
            guard run.steps[attempt.step].attempt == attempt.attempt else { return }
            run.steps[attempt.step].notBefore = nil
            goOn(&turn, now)
        }
    }

    // MARK: The end

    /// Ends the run as a whole: what has not begun does not begin, what runs is told to end.
    mutating func endWhole(_ verdict: Verdict, others: Verdict? = nil, _ turn: inout Turn, _ now: Timestamp) {
        guard runEnding == nil else { return }
        runEnding = verdict
        for step in run.steps.indices where run.steps[step].status == .pending {
            // One between two tries has begun; nothing of it is lost.
            let isBetween = run.steps[step].attempt > 1 && verdict.outcome != .lost
            close(step, isBetween ? others ?? verdict : .notReached, &turn, now)
        }
        for step in run.steps.indices where isActive(step) { endings[step] = endings[step] ?? others ?? verdict }
        if isAttaching { turn.then.append(.stopAttaching) }
        if isAttaching || run.steps.contains(where: { $0.status < .stopped }) {
            run.status = .stopping
            run.cause = verdict.cause
            run.reason = verdict.reason
            turn.isChanged = true
        }
        goOn(&turn, now)
    }

    /// Starts what may start now, signals what may end now, or ends the run.
    mutating func goOn(_ turn: inout Turn, _ now: Timestamp) {
        if runEnding == nil, isAttached { advance(&turn, now) } else { signalInOrder(&turn, now) }
        guard run.status < .stopped, !isAttaching, run.steps.allSatisfy({ $0.status == .stopped }) else { return }
        let verdict = runEnding ?? verdictOfSteps
        run.status = .stopped
        run.outcome = verdict.outcome
        run.cause = verdict.cause
        run.reason = verdict.outcome == .succeeded ? nil : verdict.reason
        run.stoppedAt = run.steps.compactMap(\.stoppedAt).max() ?? now
        giveUpAttachments(now)
        turn.isChanged = true
        turn.isOver = true
    }

    private var verdictOfSteps: Verdict {
        let counted = run.steps.indices.filter { step in
            let outcome = run.steps[step].outcome
            return outcome != .succeeded && steps[step].essential != false
        }
        func end(_ step: Int) -> Timestamp { run.steps[step].stoppedAt ?? run.createdAt }
        let inTime = counted.sorted { (end($0), $0) < (end($1), $1) }
        let first =
            inTime.first { run.steps[$0].outcome == .lost } ?? inTime.first { run.steps[$0].outcome != .skipped }
        return (first ?? inTime.first).map(verdict) ?? Verdict(.succeeded)
    }

    /// A step's verdict as the run's: with its name, where there are others.
    func verdict(of step: Int) -> Verdict {
        var verdict = Verdict(of: run.steps[step])
        // A run that is skipped is one that did not begin.
        if verdict.outcome == .skipped { verdict.outcome = .failed }
        if steps.count > 1 { verdict.reason = verdict.reason.map { "step \(steps[step].name): \($0)" } }
        return verdict
    }

    func left(of limit: Interval, since start: Timestamp, _ now: Timestamp) -> Interval {
        max(.zero, (start + limit).since(now))
    }
}
