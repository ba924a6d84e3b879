/// How far an endpoint is in one lane that has come another way than its cursor.
package struct LanePosition: Sendable, Hashable {
    /// Everything of the lane up to here is done: behind the cursor it is a laggard, ahead of it what was delivered out of
    /// order.
    package var done: Int64
    /// What of it is sent again.
    package var replay: Replay?

    package init(done: Int64, replay: Replay? = nil) {
        self.done = done
        self.replay = replay
    }

    /// There may be something to be sent again.
    package var isReplay: Bool { replay.map { $0.through > done } ?? false }

    /// Whether a change of the lane is done, or was before a replay that did not ask for it.
    package func isDone(_ sequence: Int64) -> Bool {
        sequence <= done || replay?.skips(sequence) ?? false
    }
}

/// What is sent again because somebody asked for it.
package struct Replay: Sendable, Hashable {
    /// Up to this number everything had been done before.
    package var through: Int64
    /// What comes after this number and up to ``through`` was not asked for, and stays done.
    package var until: Int64?

    package init(through: Int64, until: Int64? = nil) {
        self.through = through
        self.until = until
    }

    /// Whether a change with that number was done before and was not asked for.
    package func skips(_ sequence: Int64) -> Bool {
        sequence <= through && sequence > until ?? .max
    }
}
