package import ReeveProtocol

/// What one request carries: one submission, or several of any lanes where the endpoint takes batches.
///
/// A try that fails for the endpoint's sake is repeated with the same parcel.
package struct Parcel: Sendable, Equatable {
    /// By which the answer is told to the machine that made it.
    package var number: Int
    /// Not empty; those of one lane stand in their order.
    package var submissions: [Submission]
}

/// Changes of one run, or a single other change, that are told as one event.
package struct Submission: Sendable, Equatable {
    package var lane: Lane
    /// In order, none missing but what the filter refuses; not empty.
    package var changes: [StateChange]
    /// Which try this is, from 1.
    package var attempt: Int
    /// It was delivered or given up before, and somebody asked for it again.
    package var isRedelivered: Bool

    package init(lane: Lane, changes: [StateChange], attempt: Int, isRedelivered: Bool = false) {
        self.lane = lane
        self.changes = changes
        self.attempt = attempt
        self.isRedelivered = isRedelivered
    }

    /// The same at every attempt: that of its last change.
    package var id: String { changes[changes.count - 1].id }
}
