import ReeveProtocol

/// What becomes of a task's due slots, and how it goes on.
struct SlotDecision: Sendable, Hashable {
    enum Action: Sendable, Hashable {
        /// A run that waits to be started.
        case start(due: Timestamp, Trigger)
        /// A run that never was, told with its reason; many slots are one.
        case record(PassedSlots)
    }

    /// In the order in which they are to be carried out.
    var actions: [Action]
    /// The last slot decided.
    var watermark: Timestamp
    /// `nil` when the schedule has come to its end.
    var next: Slot?

    /// How many runs it makes.
    var starts: Int { actions.count { if case .start = $0 { true } else { false } } }

    /// The same with no more than so many runs, with which the schedule ends; `nil`: as many as there are.
    func ending(after runs: Int?) -> SlotDecision {
        guard let runs, starts >= runs else { return self }
        var decision = self
        var left = runs
        decision.actions = actions.filter { action in
            guard case .start = action else { return true }
            left -= 1
            return left >= 0
        }
        decision.next = nil
        return decision
    }
}

/// A time at which a task is due.
struct Slot: Sendable, Hashable {
    /// By the schedule alone.
    var due: Timestamp
    /// When it starts: a little later where there is jitter.
    var fire: Timestamp
}

/// Slots that did not become runs.
struct PassedSlots: Sendable, Hashable {
    var outcome: Outcome
    /// A stable word for why: `paused`, `startBy`, `superseded`.
    var cause: String
    /// The same for people.
    var reason: String
    var count: Int
    var first: Timestamp
    var last: Timestamp

    /// Set where there is more than one.
    var covers: Covers? { count > 1 ? Covers(count: count, from: first, to: last) : nil }
}
