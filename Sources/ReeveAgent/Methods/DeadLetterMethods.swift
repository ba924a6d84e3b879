import JSON
import JSONRPC
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// `deadLetter.*`, and `endpoint.replay`: what comes to an endpoint once more.
struct DeadLetterMethods: Sendable {
    var parts: Parts
    var agentName: String

    var methods: [AgentMethod] {
        [
            .reading("deadLetter.list", .observe, list),
            .reading("deadLetter.get", .observe, get),
            .changing("deadLetter.retry", .operate, retry),
            .changing("deadLetter.drop", .operate, drop),
            .changing("endpoint.replay", .operate, replay),
        ]
    }

    // MARK: Reading

    @Sendable private func list(_ parameters: DeadLetterListParameters, _ call: Call) async throws -> JSON {
        let limit = try pageSize(parameters.limit)
        let (selection, after) = (parameters.selection, parameters.after)
        try Self.check(selection.problems())
        let letters = try await parts.store.read { reader in
            try reader.deadLetters(
                try reader.query(selection),
                after: after.map { ($0.endpoint, $0.sequence) },
                limit: limit + 1
            )
        }
        let page = letters.prefix(limit)
        let last = letters.count > limit ? page.last : nil
        return [
            "deadLetters": .array(page.map { .object(Self.item($0)) }),
            "next": last.map { .string(Self.id(of: $0)) } ?? .null,
        ]
    }

    @Sendable private func get(_ parameters: DeadLetterReference, _ call: Call) async throws -> JSON {
        let id = parameters.id
        let (letter, endpoint) = try await parts.store.read { reader in
            (try reader.deadLetter(endpoint: id.endpoint, sequence: id.sequence), try reader.namedEndpoint(id.endpoint))
        }
        guard let letter else {
            throw Failure(
                .notFound,
                "endpoint \"\(id.endpoint)\" has no dead letter \(id.sequence)",
                path: "/id",
                hint: "reeve dead-letters ls lists them"
            )
        }
        var answer = Self.item(EndpointLetter(endpoint: id.endpoint, letter: letter))
        answer["url"] = EndpointView.url(endpoint.definition) ?? .null
        answer["event"] = letter.range == nil ? CloudEvent.single(letter.change, agent: agentName) : .null
        return .object(answer)
    }

    private static func id(of found: EndpointLetter) -> String {
        DeadLetterID(endpoint: found.endpoint, sequence: found.letter.change.sequence).description
    }

    static func item(_ found: EndpointLetter) -> JSONObject {
        let (letter, change) = (found.letter, found.letter.change)
        var object: JSONObject = [
            "id": .string(id(of: found)), "endpoint": .string(found.endpoint),
            "sequence": .number(String(change.sequence)),
        ]
        object["previous"] = change.previous.map { .number(String($0)) } ?? .null
        object["change"] = .string(change.id)
        object["type"] = .string(change.content.type)
        object["lane"] = .string(change.lane.name)
        object["summary"] = .string(change.content.summary)
        object["time"] = change.content.time.json
        object["at"] = letter.at.json
        object["reason"] = .string(letter.reason)
        object["status"] = letter.status.map { .number(String($0)) } ?? .null
        object["attempts"] = .number(String(letter.attempts))
        object["held"] = .bool(letter.isHeld)
        object["wanted"] = letter.wish.map(JSON.string) ?? .null
        if let range = letter.range {
            let lanes = range.lanes.sorted { $0.key < $1.key }.map {
                JSONObject.Member(name: $0.key, value: .number(String($0.value)))
            }
            object["range"] = [
                "from": .number(String(range.first)), "to": .number(String(change.sequence)),
                "count": .number(String(range.count)), "lanes": .object(JSONObject(lanes)),
            ]
        }
        return object
    }

    private static func check(_ problems: [InvalidValue]) throws(Failure) {
        if !problems.isEmpty { throw Failure(problems, below: "") }
    }

    // MARK: Changing

    @Sendable private func retry(_ parameters: DeadLetterSelection, _ call: Call) async throws -> JSON {
        try await change(parameters) { try $0.retryDeadLetters($1) }
    }

    @Sendable private func drop(_ parameters: DeadLetterSelection, _ call: Call) async throws -> JSON {
        try await change(parameters) { try $0.dropDeadLetters($1) }
    }

    /// Answers how many there were; some must be named, lest all of all endpoints go by mistake.
    private func change(
        _ selection: DeadLetterSelection,
        _ body: @escaping @Sendable (Transaction, DeadLetterQuery) throws -> Int
    ) async throws -> JSON {
        guard selection.endpoint != nil || selection.ids != nil else {
            throw Failure(
                InvalidValue(
                    path: "/endpoint",
                    reason: "is required where no ids are given",
                    hint: "all of an endpoint are meant by its name alone"
                )
            )
        }
        try Self.check(selection.problems())
        let count = try await parts.store.write { try body($0, try $0.query(selection)) }
        return ["count": .number(String(count))]
    }

    @Sendable private func replay(_ parameters: EndpointReplayParameters, _ call: Call) async throws -> JSON {
        try Self.check(parameters.problems())
        let (count, from) = try await parts.store.write { transaction in
            let endpoint = try transaction.namedEndpoint(parameters.endpoint)
            if endpoint.definition.kind == .queue { try Self.check(parameters.queueProblems()) }
            let order = try transaction.order(parameters)
            return (try transaction.replay(endpoint.name, order), order.after)
        }
        return [
            "endpoint": .string(parameters.endpoint), "after": .number(String(from)), "count": .number(String(count)),
        ]
    }
}

extension StateReading {
    fileprivate func query(_ selection: DeadLetterSelection) throws -> DeadLetterQuery {
        var query = DeadLetterQuery()
        query.endpoint = try selection.endpoint.map { try namedEndpoint($0).name }
        query.ids = selection.ids
        query.type = selection.type
        query.lane = selection.lane
        query.since = selection.since
        query.until = selection.until
        return query
    }

    fileprivate func order(_ parameters: EndpointReplayParameters) throws -> ReplayOrder {
        let start = parameters.since.map(EndpointStart.time) ?? parameters.after.map(EndpointStart.sequence) ?? .oldest
        // What the journal does not hold any more nobody gets again.
        var order = ReplayOrder(after: max(try sequence(of: start), try sequence(of: .oldest)))
        order.through = parameters.through
        if let until = parameters.until { order.through = try firstSequence(since: until).map { $0 - 1 } }
        order.lane = parameters.lane.map(Lane.init(name:)) ?? parameters.task.map(Lane.task)
        return order
    }
}
