import JSON
import JSONRPC
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// Those `endpoint.*` that change how an endpoint stands, and not what it is: `pause`, `mute`, `resume`, `rotate`, `commit`.
struct EndpointStandingMethods: Sendable {
    var parts: Parts
    var wallClock: any WallClock

    var methods: [AgentMethod] {
        [
            .changing("endpoint.pause", .operate, pause),
            .changing("endpoint.mute", .operate, mute),
            .changing("endpoint.resume", .operate, resume),
            .changing("endpoint.rotate", .administer, rotate),
            .changing("endpoint.commit", .operate, commit),
        ]
    }

    // MARK: Pausing and muting

    @Sendable private func pause(_ parameters: EndpointPauseParameters, _ call: Call) async throws -> JSON {
        let pause = try standing(parameters, call)
        return try await answer(parameters.endpoint) { try $0.pauseEndpoint($1, pause) }
    }

    @Sendable private func mute(_ parameters: EndpointPauseParameters, _ call: Call) async throws -> JSON {
        let pause = try standing(parameters, call)
        return try await answer(parameters.endpoint) { try $0.muteEndpoint($1, pause) }
    }

    @Sendable private func resume(_ parameters: EndpointReference, _ call: Call) async throws -> JSON {
        let by = call.caller.name
        let standing = try await answer(parameters.endpoint) { try $0.resumeEndpoint($1, by: by) }
        (try? parts.submitter)?.tryNow(parameters.endpoint)
        return standing
    }

    private func standing(_ parameters: EndpointPauseParameters, _ call: Call) throws(Failure) -> Pause {
        if let length = parameters.for, length <= .zero {
            throw Failure(InvalidValue(path: "/for", reason: "must be longer than 0"))
        }
        let now = wallClock.now
        return Pause(
            by: call.caller.name,
            at: now,
            until: parameters.for.map { now + $0 },
            reason: parameters.reason?.cut(to: 1024)
        )
    }

    private func answer(
        _ name: String,
        _ change: @escaping @Sendable (Transaction, String) throws -> Void
    ) async throws -> JSON {
        let endpoint = try await parts.store.write { transaction in
            let name = try transaction.namedEndpoint(name).name
            try change(transaction, name)
            return try transaction.namedEndpoint(name)
        }
        var answer: JSONObject = ["endpoint": .string(endpoint.name)]
        answer.members += try EndpointView.standing(endpoint).members
        return .object(answer)
    }

    // MARK: Keys

    /// How long the key until now goes on to sign where nothing is said.
    static let keptByDefault = Interval.hours(24)

    @Sendable private func rotate(_ parameters: EndpointRotateParameters, _ call: Call) async throws -> JSON {
        let until = wallClock.now + (parameters.keepOld ?? Self.keptByDefault)
        let by = call.caller.name
        let (endpoint, made) = try await parts.store.write { transaction in
            let endpoint = try transaction.namedEndpoint(parameters.endpoint)
            try Self.check(endpoint)
            let (secret, made) = try Self.newKey(parameters.secret, endpoint)
            let previous = endpoint.definition.secret.map { PreviousKey(secret: $0, until: until) }
            return (try transaction.setKey(endpoint.name, secret, previous: previous, by: by), made)
        }
        var answer: JSONObject = ["endpoint": .string(endpoint.name)]
        answer["previousUntil"] = endpoint.previousKey?.until.json ?? .null
        answer.members += EndpointView.madeKey(made).members
        return .object(answer)
    }

    private static func check(_ endpoint: StoredEndpoint) throws {
        guard endpoint.definition.kind == .webhook else {
            throw Failure(
                .invalidState,
                "endpoint \"\(endpoint.name)\" is no webhook and signs nothing",
                path: "/endpoint"
            )
        }
        guard endpoint.source == DefinitionSource.rpc else {
            throw StoreError(
                .conflict(StoreError.Conflict(owner: endpoint.source)),
                "endpoint \"\(endpoint.name)\" belongs to \(endpoint.source): its key is the one that is named there"
            )
        }
    }

    /// - Returns: The key as it is kept, and its text where it was made.
    private static func newKey(
        _ given: ConfiguredValue?,
        _ endpoint: StoredEndpoint
    ) throws(Failure) -> (ConfiguredValue, String?) {
        var kind = GeneratedKey.shared
        if case .literal(let text) = endpoint.definition.secret, SigningKey(text)?.publicKey != nil { kind = .ed25519 }
        switch given ?? .generate(kind) {
        case .generate(let kind):
            let key = SigningKey.generate(kind)
            return (.literal(key), key)
        case let secret:
            var definition = endpoint.definition
            definition.secret = secret
            let problems = definition.problems() + definition.sendingProblems()
            if let problem = problems.first(where: { $0.path == "/secret" }) { throw Failure(problem) }
            return (secret, nil)
        }
    }

    // MARK: Queues

    @Sendable private func commit(_ parameters: EndpointCommitParameters, _ call: Call) async throws -> JSON {
        let (endpoint, backlog) = try await parts.store.write { transaction in
            let endpoint = try transaction.namedQueue(parameters.endpoint, path: "/endpoint")
            let head = try transaction.head()
            guard (0...head).contains(parameters.seq) else {
                throw Failure(
                    InvalidValue(
                        path: "/seq",
                        reason: "\(parameters.seq) is no number that the journal has given",
                        expected: "0 to \(head): the next of event.list, or an event's sequence"
                    )
                )
            }
            let committed = try transaction.commitQueue(endpoint.name, through: parameters.seq)
            return (committed, try transaction.backlog(of: committed))
        }
        return [
            "endpoint": .string(endpoint.name), "cursor": .number(String(endpoint.cursor)),
            "pending": .number(String(backlog.pending)),
        ]
    }
}

extension StateReading {
    /// The queue of that name; otherwise says what it is.
    func namedQueue(_ name: String, path: String) throws -> StoredEndpoint {
        let endpoint = try namedEndpoint(name, path: path)
        guard endpoint.definition.kind == .queue else {
            throw Failure(
                .invalidState,
                "endpoint \"\(name)\" is of kind \(endpoint.definition.kind.rawValue): the agent brings events there",
                path: path,
                expected: "an endpoint of kind queue"
            )
        }
        return endpoint
    }

    /// What a consumer of a queue has not committed yet, from its cursor or another number on.
    func fetch(_ endpoint: StoredEndpoint, after: Int64?, limit: Int) throws -> ChangePage {
        let settings = EndpointSettings(endpoint.definition, muting: endpoint.muting)
        var page = ChangePage(changes: [], next: max(after ?? 0, endpoint.cursor))
        while page.changes.count < limit {
            let changes = try changes(after: page.next, limit: limit - page.changes.count)
            guard let last = changes.last else { break }
            page.changes += changes.filter(settings.takes)
            page.next = last.sequence
        }
        return page
    }
}
