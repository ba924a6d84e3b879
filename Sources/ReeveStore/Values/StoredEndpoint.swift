package import ReeveProtocol

/// An endpoint as the store has it.
package struct StoredEndpoint: Sendable, Hashable {
    package var definition: EndpointDefinition
    /// Everything up to this number is done, but for the lanes that have a position of their own.
    package var cursor: Int64
    package var createdAt: Timestamp
    /// The cursor at the beginning: what was before it was never meant for this endpoint.
    package var startedAfter: Int64
    package var pause: Pause?
    /// The key that was made for it, where its secret is `{generate: true}`.
    package var generatedSecret: String?
    /// Whose it is: `rpc`, `configuration`, or `folder:PATH`.
    package var source: String
    package var by: String
    package var changedAt: Timestamp
    package var previousKey: PreviousKey?
    package var muting: Muting

    package var name: String { definition.name }
}

/// A change that an endpoint did not take, kept for a person to look at.
package struct DeadLetter: Sendable, Hashable {
    package var change: StateChange
    package var reason: String
    /// The answer's HTTP status, if there was an answer.
    package var status: Int?
    package var at: Timestamp

    package init(change: StateChange, reason: String, status: Int? = nil, at: Timestamp) {
        self.change = change
        self.reason = reason
        self.status = status
        self.at = at
    }
}
