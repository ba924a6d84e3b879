package import ReeveProtocol

/// What an answer means: one table for all statuses, and the endpoint's own words before it.
package struct AnswerTable: Sendable {
    private let policies: [String: AnswerPolicy]

    package init(_ policies: [String: AnswerPolicy]? = nil) {
        self.policies = policies ?? [:]
    }

    /// - Parameters:
    ///   - retryAfter: What that header asked for.
    ///   - isThrottled: Whether it says, whatever its status is, that there was too much at once.
    package func result(_ reply: Reply, retryAfter: Duration?, isThrottled: Bool = false) -> DeliveryResult {
        guard let status = reply.status else { return .trouble(reply, after: nil) }
        let isClientError = (400...499).contains(status)
        // 503 and 429 promise that another try at that time will do (RFC 9110 §15.6.4, RFC 6585 §4), and so does 413
        // (RFC 9110 §15.5.14); with another 4xx it cannot mean anything else. Not so with 3xx and other 5xx.
        let after = isClientError || status == 503 ? retryAfter : nil
        var policy = Self.policy(of: status)
        // Throttling in disguise is no reason to give an event up.
        if policy == .deadLetter, isClientError, after != nil || isThrottled { policy = .retry }
        switch policies[String(status)] ?? policy {
        case .delivered: return .delivered(reply)
        case .retry: return .trouble(reply, after: after)
        case .deadLetter: return .refused(reply)
        case .pause: return .paused(reply)
        }
    }

    private static func policy(of status: Int) -> AnswerPolicy {
        switch status {
        case 200...299: .delivered
        case 410: .pause
        // About the event. A redirect that comes this far is one that is not followed.
        case 300...399, 400, 413, 415, 422: .deadLetter
        // Everything else may be over one day, and nothing is given up for it: 401, 403, 404 and 407 are mistakes in a
        // configuration, 408, 425, 429 and 5xx pass.
        default: .retry
        }
    }
}
