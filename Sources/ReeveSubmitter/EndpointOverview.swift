/// What was done for one endpoint since its sender started.
package struct DeliveryCounts: Sendable, Equatable {
    /// Changes that were answered with success.
    package var delivered = 0
    /// Changes that the filter refused.
    package var filtered = 0
    /// Changes that were recorded while it was muted.
    package var muted = 0
    /// Requests that failed and were, or will be, made again.
    package var retries = 0
    /// Changes that were given up.
    package var dead = 0
    /// The status and the beginning of the last answer, or why there was none.
    package var lastAnswer: String?

    package init() {}
}

/// How one endpoint stands.
package struct EndpointOverview: Sendable, Equatable {
    package enum State: String, Sendable {
        case active
        /// It does not answer, and is tried now and then.
        case down
        /// It said that it wants no more.
        case paused
    }

    package var state: State
    /// Everything in the journal up to here is done, but for the laggards.
    package var cursor: Int64
    /// Changes that were read and are not done.
    package var waiting: Int
    /// Lanes that the cursor has left behind.
    package var laggards: Int
    /// Requests under way.
    package var inFlight: Int
    /// When an endpoint that is down is tried again, on the sender's clock.
    package var nextTry: Duration?
    package var counts: DeliveryCounts
}

/// How the delivery of one change to one endpoint stands, as its sender knows it.
package enum ChangeStanding: Sendable, Equatable {
    /// Delivered or given up.
    case done
    case inFlight(attempts: Int, lastAnswer: String?)
    /// `next` is on the sender's clock; `nil` if it goes as soon as it can, or waits for somebody.
    case pending(attempts: Int, lastAnswer: String?, next: Duration?)
}
