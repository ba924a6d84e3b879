import ReeveProtocol

// A run that had begun, and is taken up by a machine that knows no more than its record.
extension RunMachine {
    mutating func resumed(
        _ found: [Int: Int],
        _ unstarted: [Try],
        _ survivors: String?,
        _ turn: inout Turn,
        _ now: Timestamp
    ) {
        let active = run.steps.indices.filter { isActive($0) }
        if run.status == .stopping { takeUpEnding() }
        for step in active where found[step] == nil && !unstarted.contains(present(step)) {
            lose(step, survivors, &turn, now)
        }
        if runEnding == nil {
            if let lost = active.first(where: { run.steps[$0].status == .stopped }) {
                endWhole(verdict(of: lost), others: .agentCrashed, &turn, now)
            } else if let timeout, let start = run.startedAt {
                turn.then.append(.wait(.run, left(of: timeout, since: start, now)))
            }
        }
        for (step, pid) in found.sorted(by: { $0.key < $1.key }) where isActive(step) {
            if run.steps[step].status == .preparing {
                started(present(step), pid, notEnforced: run.steps[step].notEnforced ?? [], &turn, now)
            } else {
                attend(step, &turn, now)
            }
        }
        for attempt in unstarted where isPresent(attempt) {
            // In a run that is being ended it is not to begin any more.
            if let ending = endings[attempt.step] {
                close(attempt.step, ending, &turn, now)
            } else {
                turn.then.append(.start(attempt))
            }
        }
        // Nothing of it has begun: what is in place already stays as it is.
        if runEnding == nil, !isAttached { attach(&turn) }
        for (step, record) in run.steps.enumerated() where record.status == .pending {
            guard let time = record.notBefore else { continue }
            turn.then.append(.wait(.retry(present(step)), max(.zero, time.since(now))))
        }
        goOn(&turn, now)
    }

    /// What a run that was being ended comes to, as far as its record tells.
    private mutating func takeUpEnding() {
        var ofOthers: Verdict?
        if let step = endedEssential {
            runEnding = verdict(of: step)
            ofOthers = .essentialEnded(steps[step].name)
        } else if let request = run.stopRequest, run.cause == "requested" {
            runEnding = .requested(request)
        } else if let cause = run.cause, let outcome = Verdict.outcome(ofEnding: cause) {
            runEnding = Verdict(outcome, cause, run.reason)
        } else {
            runEnding = Verdict(.canceled, run.cause, run.reason)
        }
        for step in run.steps.indices where isActive(step) && run.steps[step].status < .stopping {
            endings[step] = ofOthers ?? runEnding
        }
    }

    /// The essential step that ended the run: what that came to is what the run is being ended for.
    private var endedEssential: Int? {
        steps.indices.first { step in
            guard steps[step].essential == true, run.steps[step].status == .stopped else { return false }
            let verdict = verdict(of: step)
            return verdict.cause == run.cause && verdict.reason == run.reason
        }
    }

    private mutating func lose(_ step: Int, _ survivors: String?, _ turn: inout Turn, _ now: Timestamp) {
        let mayHave = run.steps[step].status < .running
        var verdict: Verdict = mayHave ? .mayHaveStarted : .agentCrashed
        verdict.survived(by: survivors)
        close(step, verdict, &turn, now)
    }
}
