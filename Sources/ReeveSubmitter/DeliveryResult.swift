/// What became of a request.
package enum DeliveryResult: Sendable, Equatable {
    case delivered(Reply)
    /// The endpoint's trouble: it is tried again for as long as it takes, not before `after` where that is given.
    case trouble(Reply, after: Duration?)
    /// The receiver will not have this event: a few tries, and then it is given up.
    case refused(Reply)
    /// The receiver wants no more events at all.
    case paused(Reply)

    package var reply: Reply {
        switch self {
        case .delivered(let reply), .trouble(let reply, _), .refused(let reply), .paused(let reply): reply
        }
    }
}

/// What came back from one request.
package struct Reply: Sendable, Equatable {
    /// `nil` if there was no answer.
    package var status: Int?
    /// The beginning of the answer, or why there was none.
    package var text: String

    package init(status: Int?, text: String) {
        self.status = status
        self.text = text
    }

    /// For people: `503: overloaded`.
    package var summary: String {
        guard let status else { return text }
        return text.isEmpty ? "\(status)" : "\(status): \(text)"
    }
}
