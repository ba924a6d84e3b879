package import ReeveProtocol

/// What an endpoint did not take, kept for a person to look at.
package struct DeadLetter: Sendable, Hashable {
    /// The change; of a range the last one.
    package var change: StateChange
    package var reason: String
    /// The answer's HTTP status, if there was an answer.
    package var status: Int?
    /// Requests that were made for it.
    package var attempts: Int
    /// Its lane waits until somebody decides.
    package var isHeld: Bool
    /// What somebody wants to become of it, and has not become yet: `retry` or `drop`.
    package var wish: String?
    /// Everything that was undelivered in a range, and became too old.
    package var range: Range?
    package var at: Timestamp

    package struct Range: Sendable, Hashable {
        package var first: Int64
        /// How many changes of each lane; those beyond a hundred lanes under an empty name.
        package var lanes: [String: Int]

        package init(first: Int64, lanes: [String: Int]) {
            self.first = first
            self.lanes = lanes
        }

        package var count: Int { lanes.values.reduce(0, +) }
    }

    package init(
        change: StateChange,
        reason: String,
        status: Int? = nil,
        attempts: Int = 0,
        isHeld: Bool = false,
        at: Timestamp
    ) {
        self.change = change
        self.reason = reason
        self.status = status
        self.attempts = attempts
        self.isHeld = isHeld
        self.at = at
    }
}

/// A dead letter with the endpoint whose it is.
package struct EndpointLetter: Sendable, Hashable {
    package var endpoint: String
    package var letter: DeadLetter

    package init(endpoint: String, letter: DeadLetter) {
        self.endpoint = endpoint
        self.letter = letter
    }
}

/// Which dead letters: those that match all that is given.
package struct DeadLetterQuery: Sendable, Hashable {
    package var endpoint: String?
    package var ids: [DeadLetterID]?
    /// Exact, or with `*` for any characters.
    package var type: String?
    /// Likewise.
    package var lane: String?
    /// When they were given up.
    package var since: Timestamp?
    package var until: Timestamp?

    package init() {}
}
