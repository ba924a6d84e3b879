/// Whether an endpoint gets what is meant for it.
package enum EndpointState: String, WireWord {
    case active
    /// It does not answer, and is tried now and then.
    case down
    /// Somebody paused it, or it said that it wants no more.
    case paused
    /// The part of the agent that delivers is away.
    case unavailable
}

/// Whether an endpoint is tried.
package enum BreakerCondition: String, WireWord {
    case closed, open
    /// It is open, and a request finds out whether it has to stay so.
    case halfOpen
}
