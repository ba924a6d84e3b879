package import JSON

/// One fact of the journal: something reached a state, or a client published an event.
package struct StateChange: Sendable, Hashable {
    /// The journal's number, never used again.
    package var sequence: Int64
    /// The agent's own UUIDv7 of this change: what receivers drop repeats by.
    package var id: String
    package var lane: Lane
    /// The number of the change before it in its lane; `nil` if none is known.
    package var previous: Int64?
    package var content: Content

    package struct Content: Sendable, Hashable {
        /// `dev.reeve.run.failed`, or a publisher's own.
        package var type: String
        /// Absent for the agent's own changes: `/agents/NAME`.
        package var source: String?
        /// The id that the publisher gave; absent where it gave none.
        package var publisherID: String?
        package var subject: String?
        package var time: Timestamp
        /// One line for people.
        package var summary: String
        package var data: JSON?

        package init(
            type: String,
            subject: String?,
            time: Timestamp,
            summary: String,
            data: JSON?,
            source: String? = nil,
            publisherID: String? = nil
        ) {
            self.type = type
            self.subject = subject
            self.time = time
            self.summary = summary
            self.data = data
            self.source = source
            self.publisherID = publisherID
        }

        /// Whether it tells that a run goes on, and nothing else: not all endpoints get it, so it is the `previous` of none.
        package var tellsRunGoesOn: Bool {
            guard type == EventType.runProgress, let progress = data?["progress"] else { return false }
            return progress != .null
        }
    }

    package init(sequence: Int64, id: String, lane: Lane, previous: Int64?, content: Content) {
        self.sequence = sequence
        self.id = id
        self.lane = lane
        self.previous = previous
        self.content = content
    }

    /// When the agent recorded it, as its id says: a publisher may have given it another time.
    package var recordedAt: Timestamp? {
        Int64(id.prefix(13).filter { $0 != "-" }, radix: 16).map(Timestamp.init(milliseconds:))
    }

    /// Whether this change only gathers until the next change of its run: a step's, a probe's, an attachment's.
    package var isProgress: Bool { content.type == EventType.runProgress }

    /// That its run goes on, and nothing else: only for the endpoints that ask for it.
    package var runProgress: RunProgress? {
        guard content.tellsRunGoesOn, let progress = content.data?["progress"] else { return nil }
        return try? JSONCoder.decode(RunProgress.self, from: progress)
    }

    /// Whether it tells of an endpoint. That such a change did not reach another endpoint is not told in its turn, or two
    /// that refuse everything would tell of each other for ever.
    package var isEndpointFact: Bool { EventType.isEndpointFact(content.type) }
}

/// The ordering key of a change: within a lane nothing overtakes.
package struct Lane: Sendable, Hashable, Codable, CustomStringConvertible {
    package var name: String

    package init(name: String) {
        self.name = name
    }

    package static func task(_ id: String) -> Lane { Lane(name: "task:\(id)") }
    package static func service(_ name: String) -> Lane { Lane(name: "service:\(name)") }
    package static func event(_ subject: String) -> Lane { Lane(name: "event:\(subject)") }
    package static var agent: Lane { Lane(name: "agent") }

    package var description: String { name }

    package init(from decoder: any Decoder) throws {
        name = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

/// The types of the agent's own changes.
package enum EventType {
    package static let prefix = "dev.reeve."
    package static let runProgress = "dev.reeve.run.progress"

    /// `dev.reeve.run.preparing`, or that of the outcome for a run that has stopped.
    package static func run(_ run: Run) -> String {
        "dev.reeve.run." + (run.status == .stopped ? run.outcome?.rawValue ?? "failed" : run.status.rawValue)
    }

    package static func task(_ what: String) -> String { "dev.reeve.task.\(what)" }
    package static func service(_ what: String) -> String { "dev.reeve.service.\(what)" }
    package static func endpoint(_ what: String) -> String { "dev.reeve.endpoint.\(what)" }
    package static func isEndpointFact(_ type: String) -> Bool { type.hasPrefix(endpoint("")) }
    package static func agent(_ what: String) -> String { "dev.reeve.agent.\(what)" }
}

/// A journal number as it is delivered: 20 digits, so that texts sort as numbers do.
package func sequenceText(_ sequence: Int64) -> String {
    let digits = String(sequence)
    return String(repeating: "0", count: max(0, 20 - digits.count)) + digits
}
