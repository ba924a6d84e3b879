package import ReeveProtocol

extension Schedule {
    /// When a slot is started at the earliest: its due time, put off by the task's jitter.
    ///
    /// - Parameters:
    ///   - jitter: the schedule's; `nil` for none.
    ///   - anchor: the time of the put that made the task's revision.
    package func fire(
        of due: Timestamp,
        jitter: JitterDefinition?,
        agentID: String,
        task: String,
        anchor: Timestamp
    ) -> Timestamp {
        fire(of: due, spread: Spread(jitter, agentID: agentID, task: task), anchor: anchor)
    }

    func fire(of due: Timestamp, spread: Spread, anchor: Timestamp) -> Timestamp {
        guard spread.window > .zero else { return due }
        return due + spread.delay(of: due, period: unboundedNext(after: due, anchor: anchor).map { $0.since(due) })
    }
}
