package import JSON

/// Parameters of `event.publish`.
package struct EventPublishParameters: Sendable, Decodable {
    package var events: [PublishedEvent]

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case events
    }
}

/// An event as a client publishes it.
package struct PublishedEvent: Sendable, Hashable, Decodable {
    package var type: String
    package var source: String?
    package var subject: String?
    package var data: JSON?
    package var id: String?
    package var time: Timestamp?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case type, source, subject, data, id, time
    }

    package init(type: String, source: String? = nil, subject: String? = nil, data: JSON? = nil, id: String? = nil) {
        self.type = type
        self.source = source
        self.subject = subject
        self.data = data
        self.id = id
    }

    /// The lane it belongs to: its subject's, without a subject its type's.
    package var lane: Lane { .event(subject ?? type) }

    /// The longest text of each field, in UTF-8 bytes.
    package static let longestField = 1024

    package func problems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        for (name, text) in [("type", type), ("source", source), ("subject", subject), ("id", id)] {
            guard let text else { continue }
            if text.isEmpty { problems.append(InvalidValue(path: "/\(name)", reason: "must not be empty")) }
            if text.utf8.count > Self.longestField {
                problems.append(
                    InvalidValue(
                        path: "/\(name)",
                        reason: "is \(text.utf8.count) bytes long",
                        expected: "at most \(Self.longestField) bytes"
                    )
                )
            }
        }
        if type.hasPrefix(EventType.prefix) {
            problems.append(
                InvalidValue(
                    path: "/type",
                    reason: "\"\(type)\": types that begin with \(EventType.prefix) are the agent's own",
                    hint: "use a prefix of yours, such as com.example."
                )
            )
        }
        return problems
    }
}

/// What became of a published event.
package struct PublishReceipt: Sendable, Hashable {
    /// The agent's own id of the change.
    package var id: String
    package var sequence: Int64
    /// The same event was there already.
    package var duplicate: Bool

    package init(id: String, sequence: Int64, duplicate: Bool) {
        self.id = id
        self.sequence = sequence
        self.duplicate = duplicate
    }
}

/// Parameters of `event.get`.
package struct EventReference: Sendable, Decodable {
    /// The agent's id of the change, or its number.
    package var event: String

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case event
    }
}

/// Parameters of `event.list` and `event.subscribe`.
package struct EventListParameters: Sendable, Decodable {
    /// A journal number: only what comes after it.
    package var after: Int64?
    package var limit: Int?
    package var lane: String?
    package var type: String?
    package var since: Timestamp?
    /// How long to wait for a change if there is none yet.
    package var wait: Interval?

    /// Of `event.list`: the queue from which it is fetched.
    package var `as`: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case after, limit, lane, type, since, wait, `as`
    }
}

/// Parameters of `subscription.cancel`.
package struct SubscriptionReference: Sendable, Decodable {
    package var subscription: String

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case subscription
    }
}
