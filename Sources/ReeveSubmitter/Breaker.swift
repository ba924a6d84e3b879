import ReeveProtocol

/// Whether an endpoint as a whole is up, so that many lanes do not each find out by themselves.
///
/// closed → open, when several requests in a row had no useful answer; open → closed, by any useful answer. While it is
/// open one request at a time is tried, after waits that grow like a lane's. Once closed again the requests at once grow
/// from one, by one with each success, so that a receiver that comes back is not flooded.
package struct Breaker: Sendable {
    private enum State {
        case closed(failures: Int)
        case open(failures: Int, probeAt: Duration)
    }

    /// Something that is told to people, because it changed.
    enum Edge: Equatable {
        case opened, closed
    }

    /// Requests in a row without a useful answer that open it.
    static let threshold = 5

    private var state: State
    private var allowance: Int?
    /// What `Retry-After` asked for: nothing is sent before.
    private var notBefore: Duration?

    /// - Parameter isOpen: It was open when it was last heard of: one request finds out how it is now.
    init(isOpen: Bool = false) {
        state = isOpen ? .open(failures: 0, probeAt: .zero) : .closed(failures: 0)
    }

    func condition(at now: Duration) -> BreakerCondition {
        guard isOpen else { return .closed }
        return closedUntil(now) == nil ? .halfOpen : .open
    }

    var isOpen: Bool {
        guard case .open = state else { return false }
        return true
    }

    /// The time before which nothing is sent; `nil` if something may be sent now.
    func closedUntil(_ now: Duration) -> Duration? {
        var until = notBefore ?? now
        if case .open(_, let probeAt) = state { until = max(until, probeAt) }
        return until > now ? until : nil
    }

    /// Whether one more request may be made beside `inFlight` others.
    func admits(inFlight: Int, limit: Int, at now: Duration) -> Bool {
        closedUntil(now) == nil && inFlight < (isOpen ? 1 : min(limit, allowance ?? limit))
    }

    /// A request was answered in a way that shows the endpoint is there.
    mutating func answered(limit: Int) -> Edge? {
        let edge: Edge? = isOpen ? .closed : nil
        if isOpen {
            allowance = 1
        } else if let current = allowance {
            allowance = current + 1 < limit ? current + 1 : nil
        }
        state = .closed(failures: 0)
        return edge
    }

    /// A request failed for a reason that is the endpoint's.
    ///
    /// - Parameters:
    ///   - laneFailures: How often its lane failed in a row, this time counted.
    ///   - wait: The back-off after that many failures in a row.
    mutating func failed(laneFailures: Int, at now: Duration, wait: (Int) -> Duration) -> Edge? {
        switch state {
        case .closed(let failures) where failures + 1 < Self.threshold:
            state = .closed(failures: failures + 1)
            return nil
        case .closed:
            state = .open(failures: laneFailures, probeAt: now + wait(laneFailures))
            return .opened
        case .open(let failures, let probeAt):
            // Those that were under way when it opened change nothing.
            guard now >= probeAt else { return nil }
            state = .open(failures: failures + 1, probeAt: now + wait(failures + 1))
            return nil
        }
    }

    /// The endpoint asked to be left alone.
    mutating func hold(until time: Duration) {
        notBefore = max(notBefore ?? time, time)
    }

    /// The endpoint is another one now: what is known of the old one is forgotten, but for what people were told of it.
    mutating func reset() {
        self = Breaker(isOpen: isOpen)
    }
}
