import ReeveProtocol

/// What may become of a run that is stored: forward only, and nothing after it stopped.
struct RunRules {
    let stored: Run

    /// The record to store for `run`, which its runner has changed; throws ``StoreError`` `backwards`.
    ///
    /// A stop that was asked for meanwhile is kept, and so is what never changes.
    func accept(_ run: Run, now: Timestamp) throws(StoreError) -> Run {
        let name = "run \(stored.number) of task \"\(stored.task)\""
        guard stored.status != .stopped else { throw StoreError(.backwards, "\(name) has stopped: it does not change") }
        guard run.status >= stored.status else {
            throw StoreError(
                .backwards,
                "\(name) is \(stored.status.rawValue), it cannot become \(run.status.rawValue)"
            )
        }
        guard (run.status == .stopped) == (run.outcome != nil) else {
            throw StoreError(.backwards, "\(name) has an outcome when it has stopped, and only then")
        }
        for before in stored.steps {
            guard let error = goesBack(before, run.steps.first { $0.name == before.name }) else { continue }
            throw StoreError(.backwards, "\(name): \(error)")
        }
        var accepted = run
        (accepted.id, accepted.task, accepted.number) = (stored.id, stored.task, stored.number)
        (accepted.revision, accepted.trigger, accepted.by) = (stored.revision, stored.trigger, stored.by)
        (accepted.due, accepted.covers, accepted.createdAt) = (stored.due, stored.covers, stored.createdAt)
        (accepted.attempt, accepted.retryOf) = (stored.attempt, stored.retryOf)
        (accepted.notBefore, accepted.notAfter) = (stored.notBefore, stored.notAfter)
        accepted.stopRequest = stored.stopRequest ?? run.stopRequest
        if run.status == .stopped { accepted.stoppedAt = run.stoppedAt ?? now }
        return accepted
    }

    private func goesBack(_ before: RunStep, _ after: RunStep?) -> String? {
        guard let after else { return "step \(before.name) is missing" }
        if after.attempt > before.attempt { return nil }
        if after.attempt < before.attempt { return "step \(before.name) goes back to attempt \(after.attempt)" }
        if before.status == .stopped, after != before { return "step \(before.name) has stopped: it does not change" }
        if after.status < before.status {
            return "step \(before.name) is \(before.status.rawValue), it cannot become \(after.status.rawValue)"
        }
        return nil
    }
}
