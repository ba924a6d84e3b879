import JSON
package import ReeveProtocol

/// What of an endpoint's definition decides when something is sent, with the defaults filled in.
package struct EndpointSettings: Sendable, Equatable {
    package var name: String
    package var filter: EventFilter?
    package var retry: RetryPolicy
    /// Step changes of a run that goes on gather for a time between these two, drawn anew for each drain.
    package var drain: ClosedRange<Duration>
    /// Requests at once.
    package var inFlight: Int
    package var refused: RefusedPolicy

    package init(_ definition: EndpointDefinition) {
        name = definition.name
        filter = definition.filter
        retry = RetryPolicy(definition.retry)
        let least =
            definition.drain?.minimum?.duration
            ?? min(.seconds(10), definition.drain?.maximum?.duration ?? .seconds(10))
        drain = least...max(least, definition.drain?.maximum?.duration ?? max(.seconds(30), least))
        inFlight = definition.inFlight ?? 10
        refused = definition.refused ?? .deadLetter
    }

    /// Whether the endpoint is to hear of the change. Facts about an endpoint are never told to itself.
    package func takes(_ change: StateChange) -> Bool {
        let isAboutItself =
            change.content.type.hasPrefix(EventType.endpoint(""))
            && change.content.data?["endpoint"]?.string == name
        return !isAboutItself && (filter?.takes(change) ?? true)
    }
}
