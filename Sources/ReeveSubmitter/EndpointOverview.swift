package import ReeveProtocol

/// What was done for one endpoint since the part of the agent that delivers began.
package struct DeliveryCounts: Sendable, Equatable {
    /// Changes that were answered with success.
    package var delivered = 0
    /// Changes that the filter took.
    package var accepted = 0
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

    /// Requests by the status of their answer; 0 for those that had none.
    package private(set) var statuses: [Int: Int] = [:]
    /// How long requests took.
    package private(set) var durations = DurationHistogram()

    package init() {}

    mutating func answered(_ reply: Reply, after duration: Duration) {
        lastAnswer = reply.summary
        statuses[reply.status ?? 0, default: 0] += 1
        durations.add(duration)
    }
}

/// How many durations were how long.
package struct DurationHistogram: Sendable, Equatable {
    /// The longest of each bucket; what is longer than all is in one more.
    package static let bounds: [Interval] = [
        .milliseconds(5), .milliseconds(10), .milliseconds(25), .milliseconds(50), .milliseconds(100),
        .milliseconds(250),
        .milliseconds(500), .seconds(1), .milliseconds(2500), .seconds(5), .seconds(10), .seconds(30),
    ]

    /// One more than there are bounds.
    package private(set) var counts = Array(repeating: 0, count: bounds.count + 1)
    /// In seconds.
    package private(set) var sum = 0.0

    mutating func add(_ duration: Duration) {
        counts[Self.bounds.firstIndex { duration <= $0.duration } ?? Self.bounds.count] += 1
        sum += duration / .seconds(1)
    }

    package var count: Int { counts.reduce(0, +) }
}

/// How one endpoint stands.
package struct EndpointOverview: Sendable, Equatable {
    package var state: EndpointState
    package var breaker: BreakerCondition
    /// Everything in the journal up to here is done, but for the laggards.
    package var cursor: Int64
    /// Changes that were read and are not done.
    package var waiting: Int
    /// Lanes that the cursor has left behind.
    package var laggards: Int
    /// Requests under way.
    package var inFlight: Int
    /// When an endpoint that is down, or asked for a pause (Retry-After), is tried again, on the sender's clock.
    package var nextTry: Duration?
    package var counts: DeliveryCounts
}

/// How the delivery of one change to one endpoint stands, as its sender knows it.
package enum ChangeStanding: Sendable, Equatable {
    /// Delivered or given up.
    case done
    case inFlight(attempts: Int, lastAnswer: String?)
    /// Refused, and its lane waits until somebody decides.
    case held(attempts: Int, lastAnswer: String?)
    /// `next` is on the sender's clock; `nil` if it goes as soon as it can, or waits for somebody.
    case pending(attempts: Int, lastAnswer: String?, next: Duration?)
}
