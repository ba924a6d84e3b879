package import ReeveProtocol
package import ReeveStore

/// A run that waits to begin, with what its admission goes by.
package struct PendingRun: Sendable {
    package var run: Run
    /// `nil`: what it was to go by is gone.
    package var definition: TaskDefinition?
    package var pause: Pause?
    /// What its task requires and is not so.
    package var unmet: [RequirementDefinition]
    /// It is another try of a slot, and this is the run of a later one.
    package var successor: Run?
    /// Its task's group, if as many runs of that go on as may.
    package var fullGroup: String?
    /// Fewer runs go on than may.
    package var isPlaceFree = true

    package init(
        _ run: Run,
        _ definition: TaskDefinition?,
        pause: Pause? = nil,
        unmet: [RequirementDefinition] = [],
        successor: Run? = nil,
        fullGroup: String? = nil
    ) {
        self.run = run
        self.definition = definition
        self.pause = pause
        self.unmet = unmet
        self.successor = successor
        self.fullGroup = fullGroup
    }
}

extension StateReading {
    /// The first runs of the queue whose time has come; whether there are places for them is not looked at.
    func queue(now: Timestamp, limit: Int) throws -> [PendingRun] {
        try pending(pendingRuns(now: now, limit: limit))
    }

    /// The first of those that have waited for too long; whether there are places for them is not looked at.
    func overdue(now: Timestamp, limit: Int) throws -> [PendingRun] {
        try pending(overdueRuns(now: now, limit: limit))
    }

    private func pending(_ runs: [Run]) throws -> [PendingRun] {
        var definitions: [String: TaskDefinition?] = [:]
        var unmet: [[RequirementDefinition]: [RequirementDefinition]] = [:]
        return try runs.map { run in
            let name = "\(run.task)@\(run.revision)"
            let definition = try definitions[name] ?? definition(task: run.task, revision: run.revision)
            definitions[name] = definition
            let requires = definition?.requires ?? []
            let left = try unmet[requires] ?? self.unmet(requires)
            unmet[requires] = left
            return PendingRun(
                run,
                definition,
                pause: run.isAutomaticRetry ? try task(run.task)?.pause : nil,
                unmet: left,
                successor: run.isAutomaticRetry ? try slotRun(of: run.task, after: run.number) : nil
            )
        }
    }
}
