package import JSON

/// Parameters of `deadLetter.retry` and `deadLetter.drop`: which, by all that is given.
package struct DeadLetterSelection: Sendable, Decodable {
    package var endpoint: String?
    /// As they are listed; at most ``mostIDs``.
    package var ids: [DeadLetterID]?
    /// With `*` for any characters.
    package var type: String?
    /// Likewise.
    package var lane: String?
    /// When they were given up.
    package var since: Timestamp?
    package var until: Timestamp?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, ids, type, lane, since, until
    }

    package static let mostIDs = 1000

    package init() {}

    package func problems() -> [InvalidValue] {
        guard let ids, ids.count > Self.mostIDs else { return [] }
        return [
            InvalidValue(
                path: "/ids",
                reason: "has \(ids.count) ids",
                expected: "at most \(Self.mostIDs)",
                hint: "say which by endpoint, type, lane or time"
            )
        ]
    }
}

/// Parameters of `deadLetter.list`.
package struct DeadLetterListParameters: Sendable, Decodable {
    package var endpoint: String?
    package var ids: [DeadLetterID]?
    package var type: String?
    package var lane: String?
    package var since: Timestamp?
    package var until: Timestamp?
    package var limit: Int?
    /// The id of the last one of the page before.
    package var after: DeadLetterID?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, ids, type, lane, since, until, limit, after
    }

    package var selection: DeadLetterSelection {
        var selection = DeadLetterSelection()
        selection.endpoint = endpoint
        selection.ids = ids
        selection.type = type
        selection.lane = lane
        selection.since = since
        selection.until = until
        return selection
    }
}

/// Parameters of `deadLetter.get`.
package struct DeadLetterReference: Sendable, Decodable {
    package var id: DeadLetterID

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case id
    }
}

/// Names a dead letter: `ENDPOINT/NUMBER`, the number being its change's in the journal.
package struct DeadLetterID: Sendable, Hashable, Decodable, CustomStringConvertible {
    package var endpoint: String
    package var sequence: Int64

    package init(endpoint: String, sequence: Int64) {
        self.endpoint = endpoint
        self.sequence = sequence
    }

    /// `nil` for another form.
    package init?(_ text: String) {
        guard let slash = text.lastIndex(of: "/"), let sequence = Int64(text[text.index(after: slash)...]),
            sequence > 0,
            slash > text.startIndex
        else { return nil }
        self.init(endpoint: String(text[..<slash]), sequence: sequence)
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = DeadLetterID(text) else {
            throw InvalidValue(
                at: decoder.codingPath,
                reason: "\"\(text)\" names no dead letter",
                expected: "ENDPOINT/NUMBER, as deadLetter.list has it"
            )
        }
        self = id
    }

    package var description: String { "\(endpoint)/\(sequence)" }
}

/// Parameters of `endpoint.replay`.
package struct EndpointReplayParameters: Sendable, Decodable {
    package var endpoint: String
    /// Only what comes after this number of the journal.
    package var after: Int64?
    /// Only since then, by the agent's clock.
    package var since: Timestamp?
    /// Only up to this number.
    package var through: Int64?
    /// Only until then.
    package var until: Timestamp?
    package var lane: String?
    /// Only of this task: another way to say its lane.
    package var task: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, after, since, through, until, lane, task
    }

    /// What says the same thing twice, or can never be.
    package func problems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        if lane != nil, task != nil {
            problems.append(
                InvalidValue(path: "/task", reason: "says the lane a second time", hint: "give one of the two")
            )
        }
        if after != nil, since != nil {
            problems.append(
                InvalidValue(path: "/since", reason: "says a second time where to begin", hint: "give since or after")
            )
        }
        if through != nil, until != nil {
            problems.append(
                InvalidValue(path: "/until", reason: "says a second time where to end", hint: "give until or through")
            )
        }
        if let after, after < 0 {
            problems.append(
                InvalidValue(path: "/after", reason: "\(after) is no journal number", expected: "0 or more")
            )
        }
        return problems
    }

    /// Of a queue only the cursor can be taken back: its consumers commit up to a number, and not lane by lane.
    package func queueProblems() -> [InvalidValue] {
        let given = [
            ("lane", lane != nil), ("task", task != nil), ("through", through != nil), ("until", until != nil),
        ]
        return given.filter(\.1).map { name, _ in
            InvalidValue(
                path: "/\(name)",
                reason: "is not for an endpoint of kind queue, whose consumers commit all lanes up to one number",
                hint: "give after or since alone, or read a part of the journal with event.list"
            )
        }
    }
}
