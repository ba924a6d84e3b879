import ReeveLaunch
package import ReeveProtocol

extension RunMachine {
    // MARK: What happens to a step

    mutating func started(
        _ attempt: Try,
        _ pid: Int,
        notEnforced: [String],
        _ turn: inout Turn,
        _ now: Timestamp
    ) {
        guard isPresent(attempt), run.steps[attempt.step].status == .preparing else { return }
        let step = attempt.step
        run.steps[step].status = .running
        run.steps[step].pid = pid
        run.steps[step].notEnforced = notEnforced.isEmpty ? nil : notEnforced
        run.steps[step].startedAt = now
        if run.status < .running { run.status = .running }
        turn.isChanged = true
        if let ending = endings[step], runEnding == nil {
            signal(step, ending, &turn, now)
        } else {
            turn.details.append(.step(run.steps[step]))
            attend(step, &turn, now)
        }
        goOn(&turn, now)
    }

    /// Sets the timers of a process that runs, and lets it be asked how it is.
    func attend(_ step: Int, _ turn: inout Turn, _ now: Timestamp) {
        let (record, attempt) = (run.steps[step], present(step))
        if record.status == .stopping {
            // Told before: again, in case nobody did after all.
            turn.then.append(.signal(attempt, number: signalNumber(step)))
            turn.then.append(.wait(.grace(attempt), grace(step, since: record.stoppingAt ?? now, now)))
            return
        }
        let start = record.startedAt ?? now
        if let timeout = steps[step].timeout {
            turn.then.append(.wait(.step(attempt), left(of: timeout, since: start, now)))
        }
        if !isReady(step) {
            turn.then.append(.wait(.readiness(attempt), left(of: readinessTimeout(step), since: start, now)))
            turn.then.append(.awaitReadiness(attempt))
        } else if steps[step].probe != nil {
            turn.then.append(.probe(attempt))
        }
    }

    mutating func startFailed(_ attempt: Try, _ cause: String, _ reason: String, _ turn: inout Turn, _ now: Timestamp) {
        guard isPresent(attempt) else { return }
        isDone(attempt.step, endings[attempt.step] ?? Verdict(.failed, cause, reason), &turn, now)
    }

    mutating func becameReady(_ attempt: Try, _ turn: inout Turn, _ now: Timestamp) {
        guard isPresent(attempt), run.steps[attempt.step].status == .running,
            !isReady(attempt.step)
        else { return }
        run.steps[attempt.step].readyAt = now
        turn.details.append(.step(run.steps[attempt.step]))
        if steps[attempt.step].probe != nil { turn.then.append(.probe(attempt)) }
        goOn(&turn, now)
    }

    mutating func health(_ attempt: Try, _ verdict: ProbeMachine.Verdict, _ turn: inout Turn, _ now: Timestamp) {
        guard isPresent(attempt) else { return }
        var probe = RunProbe(
            step: steps[attempt.step].name,
            attempt: attempt.attempt,
            health: .healthy,
            at: now
        )
        if case .unhealthy(let reason) = verdict {
            probe.health = .unhealthy
            probe.reason = reason
        }
        run.probes = (run.probes ?? []).filter { $0.step != probe.step } + [probe]
        turn.details.append(.probe(probe))
        if let reason = probe.reason, steps[attempt.step].probe?.unhealthy == .restart {
            end(attempt.step, .unhealthy(reason), &turn, now)
        }
        goOn(&turn, now)
    }

    mutating func ended(_ attempt: Try, _ end: StepEnd, _ turn: inout Turn, _ now: Timestamp) {
        guard isPresent(attempt), ends[attempt.step] == nil else { return }
        let step = attempt.step
        run.steps[step].exitCode = end.exitCode
        run.steps[step].signal = end.signal
        run.steps[step].coreDumped = end.coreDumped ? true : nil
        run.steps[step].usage = end.usage
        run.steps[step].output = end.output
        // What was told to end, ends whole: also what the process had started and left behind. So does a try before the
        // next one begins.
        guard ending(of: step) == nil, retryWait(step, Verdict(of: end)) == nil else {
            ends[step] = end
            turn.then.append(.kill(attempt))
            return
        }
        conclude(step, end, survivors: nil, &turn)
    }

    mutating func killed(_ attempt: Try, _ survivors: String?, _ turn: inout Turn, _ now: Timestamp) {
        guard isPresent(attempt) else { return }
        if let end = ends.removeValue(forKey: attempt.step) {
            conclude(attempt.step, end, survivors: survivors, &turn)
        } else if survivors != nil, var verdict = ending(of: attempt.step) {
            // Its process, which was killed, is still there: nobody might hear of it for long.
            verdict.survived(by: survivors)
            run.steps[attempt.step].reason = verdict.reason
            turn.details.append(.step(run.steps[attempt.step]))
        }
    }

    private mutating func conclude(_ step: Int, _ end: StepEnd, survivors: String?, _ turn: inout Turn) {
        var verdict = ending(of: step) ?? Verdict(of: end)
        verdict.survived(by: survivors)
        // The start is noted when it is heard of, which a short process does not wait for.
        isDone(step, verdict, &turn, max(end.at, run.steps[step].startedAt ?? end.at))
    }

    // MARK: The end of a step

    /// Tells a step to end, of which the others need not: at once, whoever requires it.
    mutating func end(_ step: Int, _ ending: Verdict, _ turn: inout Turn, _ now: Timestamp) {
        guard endings[step] == nil, run.steps[step].status == .running || run.steps[step].status == .preparing else {
            return
        }
        endings[step] = ending
        if run.steps[step].status == .running { signal(step, ending, &turn, now) }
    }

    /// Of a run that is ended as a whole, tells those steps to end that no other which runs requires: so each has what it
    /// requires until it ends.
    mutating func signalInOrder(_ turn: inout Turn, _ now: Timestamp) {
        let active = run.steps.indices.filter { isActive($0) }
        for step in active where run.steps[step].status == .running {
            let isRequired = active.contains { other in
                (steps[other].requires ?? []).contains { $0.step == steps[step].name }
            }
            if !isRequired, let ending = endings[step] { signal(step, ending, &turn, now) }
        }
    }

    private func signalNumber(_ step: Int) -> Int32 {
        let asked = run.stopRequest?.signal.flatMap { StopDefinition.signals[$0] }
        return asked ?? (steps[step].stop ?? StopDefinition()).signalNumber
    }

    /// How long it has left until it is killed: as the task says, or who stopped the run.
    private func grace(_ step: Int, since start: Timestamp, _ now: Timestamp) -> Interval {
        if let time = run.stopRequest?.killAt { return max(.zero, time.since(now)) }
        return left(of: (steps[step].stop ?? StopDefinition()).effectiveGrace, since: start, now)
    }

    /// Passes on to what is being ended already that another signal is asked for, or an earlier kill.
    mutating func strengthen(_ request: StopRequest, _ turn: inout Turn, _ now: Timestamp) {
        for step in run.steps.indices where run.steps[step].status == .stopping {
            let attempt = present(step)
            if request.signal != nil { turn.then.append(.signal(attempt, number: signalNumber(step))) }
            if let time = request.killAt { turn.then.append(.wait(.grace(attempt), max(.zero, time.since(now)))) }
        }
    }

    private mutating func signal(_ step: Int, _ ending: Verdict, _ turn: inout Turn, _ now: Timestamp) {
        run.steps[step].status = .stopping
        run.steps[step].stoppingAt = now
        run.steps[step].cause = ending.cause
        run.steps[step].reason = ending.reason
        turn.details.append(.step(run.steps[step]))
        let attempt = present(step)
        turn.then += [
            .signal(attempt, number: signalNumber(step)), .wait(.grace(attempt), grace(step, since: now, now)),
        ]
    }

    /// Why a step is being ended; from its record, where it was told before this machine was made.
    private func ending(of step: Int) -> Verdict? {
        if let ending = endings[step] { return ending }
        let record = run.steps[step]
        guard record.status == .stopping, let cause = record.cause, let outcome = Verdict.outcome(ofEnding: cause)
        else {
            return nil
        }
        return Verdict(outcome, cause, record.reason)
    }

    /// Its process has ended, or never was: it is tried again, or done.
    private mutating func isDone(_ step: Int, _ verdict: Verdict, _ turn: inout Turn, _ time: Timestamp) {
        var verdict = verdict
        let attempt = run.steps[step].attempt
        let wait = retryWait(step, verdict)
        if wait == nil, attempt > 1, verdict.outcome != .succeeded {
            verdict.reason = verdict.reason.map { "\($0) after \(attempt) tries" }
        }
        close(step, verdict, &turn, time)
        endings[step] = nil
        if let wait {
            let (name, outputs) = (run.steps[step].name, [run.steps[step].earlierOutput, run.steps[step].output])
            run.steps[step] = RunStep(name: name)
            run.steps[step].earlierOutput = outputs.compactMap(\.self).reduce(into: OutputSummary(bytes: 0, dropped: 0))
            {
                $0.bytes += $1.bytes
                $0.dropped += $1.dropped
            }
            run.steps[step].attempt = attempt + 1
            run.steps[step].notBefore = time + wait
            turn.details.append(.step(run.steps[step]))
            turn.then.append(.wait(.retry(present(step)), wait))
        } else if steps[step].essential == true {
            endWhole(self.verdict(of: step), others: .essentialEnded(steps[step].name), &turn, time)
            return
        }
        goOn(&turn, time)
    }

    private func retryWait(_ step: Int, _ verdict: Verdict) -> Interval? {
        guard runEnding == nil else { return nil }
        let record = run.steps[step]
        return steps[step].retry?.wait(
            after: record.attempt,
            verdict.outcome,
            exitCodes: record.exitCode.map { [$0] } ?? []
        )
    }

    mutating func close(_ step: Int, _ verdict: Verdict, _ turn: inout Turn, _ time: Timestamp) {
        run.steps[step].status = .stopped
        run.steps[step].outcome = verdict.outcome
        run.steps[step].cause = verdict.cause
        run.steps[step].reason = verdict.reason
        run.steps[step].notBefore = nil
        run.steps[step].stoppedAt = time
        turn.details.append(.step(run.steps[step]))
    }

    // MARK: The graph

    private enum Standing {
        case met, open
        /// Never any more, and how the step stands that was required.
        case impossible(StepRequirement, String)
    }

    /// Starts every step that waits for nothing any more, and passes over those that can never start.
    mutating func advance(_ turn: inout Turn, _ now: Timestamp) {
        var isNews = true
        while isNews {
            isNews = false
            for step in run.steps.indices where run.steps[step].status == .pending && run.steps[step].notBefore == nil {
                switch standing(of: step) {
                case .open: continue
                case .met:
                    run.steps[step].status = .preparing
                    turn.details.append(.step(run.steps[step]))
                    turn.then.append(.start(present(step)))
                case .impossible(let requirement, let state):
                    // A step that was passed over may be what others wait for.
                    isNews = true
                    close(step, .unmet(requirement, state), &turn, now)
                    if steps[step].essential == true {
                        return endWhole(verdict(of: step), others: .essentialEnded(steps[step].name), &turn, now)
                    }
                }
            }
        }
    }

    /// What a step that has not begun still waits for.
    package func waits(of step: Int) -> [StepRequirement] {
        guard run.steps[step].status == .pending, run.steps[step].attempt == 1 else { return [] }
        return (steps[step].requires ?? []).filter {
            if case .open = standing(of: $0) { true } else { false }
        }
    }

    private func standing(of step: Int) -> Standing {
        // Further tries of it have begun already.
        guard run.steps[step].attempt == 1 else { return .met }
        var isOpen = false
        for requirement in steps[step].requires ?? [] {
            switch standing(of: requirement) {
            case .met: continue
            case .open: isOpen = true
            case .impossible(let requirement, let state): return .impossible(requirement, state)
            }
        }
        return isOpen ? .open : .met
    }

    private func standing(of requirement: StepRequirement) -> Standing {
        guard let place = places[requirement.step] else { return .impossible(requirement, "is not there") }
        let step = run.steps[place]
        let isOver = step.status == .stopped
        let isMet =
            switch requirement.effectiveCondition {
            case .started: step.startedAt != nil
            case .ready: isReady(place)
            case .healthy: isHealthy(place)
            case .exited: isOver && step.startedAt != nil
            case .succeeded: isOver && step.outcome == .succeeded
            }
        if isMet { return .met }
        return isOver ? .impossible(requirement, Self.words(of: step)) : .open
    }

    func isReady(_ step: Int) -> Bool {
        steps[step].ready == nil ? run.steps[step].startedAt != nil : run.steps[step].readyAt != nil
    }

    private func isHealthy(_ step: Int) -> Bool {
        guard steps[step].probe != nil else { return isReady(step) }
        let probe = run.probes?.first { $0.step == steps[step].name && $0.attempt == run.steps[step].attempt }
        return probe?.health == .healthy
    }

    private static func words(of step: RunStep) -> String {
        switch step.outcome {
        case .succeeded: "has ended"
        case .skipped: "was skipped"
        case let outcome:
            "ended as \(outcome?.rawValue ?? "lost")" + (step.reason.map { ": \($0)" } ?? "")
        }
    }

    // MARK: Pieces

    func present(_ step: Int) -> Try { Try(step, attempt: run.steps[step].attempt) }

    func isActive(_ step: Int) -> Bool {
        run.steps[step].status > .pending && run.steps[step].status < .stopped
    }

    /// It is the present try of a step whose process runs or is about to.
    func isPresent(_ attempt: Try) -> Bool {
        run.steps.indices.contains(attempt.step) && run.steps[attempt.step].attempt == attempt.attempt
            && isActive(attempt.step)
    }

    func readinessTimeout(_ step: Int) -> Interval {
        steps[step].ready?.timeout ?? ReadinessDefinition.defaultTimeout
    }
}
