package import ReeveProtocol

/// How far an endpoint has come since it was last written down. It is committed whole, after the answers it stands for.
package struct DeliveryProgress: Sendable, Equatable {
    /// Everything up to here is done but for what the positions say.
    package var cursor: Int64
    /// Lanes that have come another way than the cursor; `nil` where the cursor holds for the lane again.
    package var positions: [Lane: Int64?]
    package var deadLetters: [GivenUp]

    /// A change that the receiver refused for good.
    package struct GivenUp: Sendable, Equatable {
        package var change: StateChange
        package var reason: String
        package var status: Int?
    }
}

/// Changes of one lane that are sent at once.
package struct Submission: Sendable, Equatable {
    package var lane: Lane
    /// In order, none missing but what the filter refuses; not empty.
    package var changes: [StateChange]
    /// Which try this is, from 1.
    package var attempt: Int

    package init(lane: Lane, changes: [StateChange], attempt: Int) {
        self.lane = lane
        self.changes = changes
        self.attempt = attempt
    }

    /// The same at every attempt: that of its last change.
    package var id: String { changes[changes.count - 1].id }
}

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

/// A fact about an endpoint that is told as a state change, when it begins and no more.
package enum EndpointFact: Sendable, Equatable {
    /// It does not answer; it is tried now and then.
    case opened(reason: String)
    /// It answers again.
    case closed
    /// It wants no more.
    case paused(reason: String)
}
