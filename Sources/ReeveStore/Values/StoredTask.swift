package import ReeveProtocol

/// A task as the store has it: what was put, and what became of it.
package struct StoredTask: Sendable, Hashable {
    /// With its revision.
    package var definition: TaskDefinition
    /// Where it comes from, and alone may be changed from: `rpc`, `folder:PATH`, `controlPlane`.
    package var source: String
    /// What it was applied with, to be removed with it.
    package var set: String?
    /// Who put this revision.
    package var by: String
    package var createdAt: Timestamp
    package var changedAt: Timestamp
    /// When its revision was put: what a rate counts from.
    package var anchor: Timestamp
    package var pause: Pause?
    /// It is only a tombstone, which keeps the numbers for a task of the same id that may come.
    package var removed: Bool
    /// The revision that ``nextDue`` and ``nextFire`` belong to; another than the current has to be planned.
    package var plannedRevision: Int?
    /// The last slot decided, over all revisions: nothing at or before it is decided again.
    package var watermark: Timestamp?
    /// The next slot's nominal time.
    package var nextDue: Timestamp?
    /// The same with jitter: when it starts.
    package var nextFire: Timestamp?
    /// Its schedule has no slot any more.
    package var completed: Bool
    /// How many runs the present schedule has made.
    package var scheduledRuns: Int
    /// The highest number of its runs until now; 0 before the first.
    package var lastNumber: Int
    /// The run that stopped last.
    package var last: LastRun?
    /// The boot whose slot has been decided.
    package var bootDecided: String?

    package struct LastRun: Sendable, Hashable {
        package var run: String
        package var number: Int
        package var outcome: Outcome
    }

    package var id: String { definition.id }
    package var revision: Int { definition.revision ?? 0 }
    package var isPlanned: Bool { plannedRevision == revision }
}

/// What putting a task did.
package struct TaskPut: Sendable, Hashable {
    /// `nil`: there was no such task.
    package var before: StoredTask?
    package var task: StoredTask
    /// There is a new revision; false when the same was there already.
    package var changed: Bool

    package var created: Bool { before == nil }
}
