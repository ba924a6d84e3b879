package import ReeveProtocol

/// What an answer means: one table for all statuses, and the endpoint's own words before it.
package struct AnswerTable: Sendable {
    private let policies: [String: AnswerPolicy]

    package init(_ policies: [String: AnswerPolicy]? = nil) {
        self.policies = policies ?? [:]
    }

    /// - Parameter retryAfter: What that header asked for.
    package func result(_ reply: Reply, retryAfter: Duration?) -> DeliveryResult {
        guard let status = reply.status else { return .trouble(reply, after: nil) }
        // Only these two promise that another try at that time will do (RFC 9110 §15.6.4, RFC 6585 §4).
        let after = status == 429 || status == 503 ? retryAfter : nil
        switch policies[String(status)] ?? Self.policy(of: status) {
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
