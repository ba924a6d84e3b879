import JSON
package import ReeveProtocol
package import ReeveStore

/// What of an endpoint's definition decides when something is sent, with the defaults filled in.
package struct EndpointSettings: Sendable {
    package var name: String
    package var filter: EventFilter?
    package var retry: RetryPolicy
    /// Step changes of a run that goes on gather for a time between these two, drawn anew for each drain.
    package var drain: ClosedRange<Duration>
    /// Requests at once.
    package var inFlight: Int
    package var refused: RefusedPolicy
    package var muting: Muting
    /// How often it is told of a run that goes on; never if `nil`.
    package var progress: Interval?
    /// What one request may carry; one event where the endpoint takes no batches.
    package var batch: (events: Int, bytes: Int)

    package init(_ definition: EndpointDefinition, muting: Muting = Muting()) {
        self.muting = muting
        name = definition.name
        progress = definition.progress
        filter = definition.filter
        retry = RetryPolicy(definition.retry)
        let least =
            definition.drain?.minimum?.duration
            ?? min(.seconds(10), definition.drain?.maximum?.duration ?? .seconds(10))
        drain = least...max(least, definition.drain?.maximum?.duration ?? max(.seconds(30), least))
        inFlight = definition.inFlight ?? 10
        refused = definition.refused ?? .deadLetter
        batch = (
            definition.batch == nil ? 1 : definition.batch?.events ?? 100, definition.batch?.bytes?.bytes ?? 1 << 20
        )
    }

    /// Whether the endpoint is to hear of the change.
    package func takes(_ change: StateChange) -> Bool {
        isMeant(change) && !muting.covers(change.sequence)
    }

    /// Whether it is not to hear of it only because it was muted then.
    package func isMuted(_ change: StateChange) -> Bool {
        isMeant(change) && muting.covers(change.sequence)
    }

    private func isMeant(_ change: StateChange) -> Bool {
        !change.isAbout(endpoint: name) && (filter?.takes(change) ?? true) && isDue(change)
    }

    private func isDue(_ change: StateChange) -> Bool {
        guard let told = change.runProgress else { return true }
        return progress.map(told.isDue) ?? false
    }
}

extension StateChange {
    /// Whether it is a fact about that endpoint, which is never told to itself.
    func isAbout(endpoint name: String) -> Bool {
        isEndpointFact && content.data?["endpoint"]?.string == name
    }
}
