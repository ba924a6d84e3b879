import JSON

/// Parameters of `deadLetter.retry` and `deadLetter.drop`: which, by all that is given.
package struct DeadLetterSelection: Sendable, Decodable {
    package var endpoint: String?
    /// `ENDPOINT/NUMBER`, as they are listed.
    package var ids: [String]?
    /// Exact, or with `*` at the end.
    package var type: String?
    /// Likewise.
    package var lane: String?
    /// When they were given up.
    package var since: Timestamp?
    package var until: Timestamp?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, ids, type, lane, since, until
    }

    package init() {}
}

/// Parameters of `deadLetter.list`.
package struct DeadLetterListParameters: Sendable, Decodable {
    package var endpoint: String?
    package var ids: [String]?
    package var type: String?
    package var lane: String?
    package var since: Timestamp?
    package var until: Timestamp?
    package var limit: Int?
    /// The id of the last one of the page before.
    package var after: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, ids, type, lane, since, until, limit, after
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
}
