import JSON
import JSONRPC
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// `event.*` and `subscription.cancel`.
struct EventMethods: Sendable {
    var parts: Parts
    var agentName: String
    var space: @Sendable () -> StoreSpace
    var clock: any Clock<Duration>

    var methods: [AgentMethod] {
        [
            .changing("event.publish", .publish, publish),
            .reading("event.get", .observe, get),
            .waiting("event.list", .observe, list),
            .subscription("event.subscribe", .observe, subscribe),
            .immediate("subscription.cancel", .none, cancel),
        ]
    }

    // MARK: Publishing

    /// Events that one call may publish.
    static let largestPublish = 1000

    @Sendable private func publish(_ parameters: EventPublishParameters, _ call: Call) async throws -> JSON {
        let store = try parts.store
        guard (1...Self.largestPublish).contains(parameters.events.count) else {
            throw Failure(
                InvalidValue(
                    path: "/events",
                    reason: "has \(parameters.events.count) events",
                    expected: "1 to \(Self.largestPublish)"
                )
            )
        }
        for (index, event) in parameters.events.enumerated() {
            if let problem = event.problems().first { throw Failure(problem.below("/events/\(index)")) }
        }
        if store.used >= space().publishLimit { throw try await refusedForRoom(in: store) }
        let source = "/agents/\(store.agentID)/users/\(call.caller.uid)"
        let events = parameters.events.map { event in
            var event = event
            event.source = event.source ?? source
            return event
        }
        let receipts = try await store.write { try $0.publish(events) }
        return ["events": .array(receipts.map(Self.receipt))]
    }

    /// What is left near the budget is for what the agent itself has to write down.
    private func refusedForRoom(in store: Store) async throws -> Failure {
        store.signals.refusedForRoom()
        let hold = try await store.read { try $0.journalHold() }
        let shortage = StorageShortage(used: store.used, space: space(), hold: hold)
        return Failure(
            .limit,
            shortage.summary,
            reason: shortage.summary,
            hint: shortage.hint,
            details: shortage.data
        )
    }

    private static func receipt(_ receipt: PublishReceipt) -> JSON {
        [
            "id": .string(receipt.id), "seq": .number(String(receipt.sequence)),
            "duplicate": .bool(receipt.duplicate),
        ]
    }

    // MARK: Reading

    @Sendable private func get(_ parameters: EventReference, _ call: Call) async throws -> JSON {
        let change = try await parts.store.read { try $0.namedChange(parameters.event) }
        var answer = JSONObject()
        answer["event"] = CloudEvent.single(change, agent: agentName)
        answer["endpoints"] = .array(try await endpointStates(of: change))
        return .object(answer)
    }

    private func endpointStates(of change: StateChange) async throws -> [JSON] {
        try await parts.submitter.deliveries(of: change).map { delivery in
            var object: JSONObject = [
                "endpoint": .string(delivery.endpoint), "state": .string(delivery.state.rawValue),
            ]
            object["attempts"] = .number(String(delivery.attempts))
            object["lastAnswer"] = delivery.lastAnswer.map(JSON.string) ?? .null
            object["nextTry"] = delivery.nextTry?.json ?? .null
            return .object(object)
        }
    }

    @Sendable private func list(_ parameters: EventListParameters, _ call: Call) async throws -> JSON {
        if let queue = parameters.as { return try await fetch(queue, parameters) }
        let store = try parts.store
        let query = try query(parameters)
        let signals = store.signals.changes(.journal)
        let first = try await store.read { try $0.changes(query) }
        let page = try await longPoll(first, parameters.wait, clock, isNews: { !$0.changes.isEmpty }) { page in
            for await _ in signals { break }
            var query = query
            query.after = page.next
            return try await store.read { [query] in try $0.changes(query) }
        }
        return view(page)
    }

    private func view(_ page: ChangePage) -> JSON {
        [
            "events": .array(page.changes.map { CloudEvent.single($0, agent: agentName) }),
            "next": .number(String(page.next)),
        ]
    }

    /// What a queue has for its consumer.
    private func fetch(_ queue: String, _ parameters: EventListParameters) async throws -> JSON {
        for (name, isGiven) in [
            ("lane", parameters.lane != nil), ("type", parameters.type != nil), ("since", parameters.since != nil),
        ] where isGiven {
            throw Failure(
                InvalidValue(path: "/\(name)", reason: "is not for queues", hint: "the queue's filter decides")
            )
        }
        let query = try query(parameters)
        let store = try parts.store
        let signals = store.signals.changes(.journal)
        @Sendable func page(after: Int64?) async throws -> ChangePage {
            try await store.read { reader in
                let endpoint = try reader.namedQueue(queue, path: "/as")
                if let pause = endpoint.pause {
                    throw Failure(.invalidState, "endpoint \"\(queue)\" is paused by \(pause.by)", path: "/as")
                }
                return try reader.fetch(endpoint, after: after, limit: query.limit)
            }
        }
        let first = try await page(after: parameters.after)
        let found = try await longPoll(first, parameters.wait, clock, isNews: { !$0.changes.isEmpty }) { last in
            for await _ in signals { break }
            return try await page(after: last.next)
        }
        return view(found)
    }

    private func query(_ parameters: EventListParameters) throws -> ChangeQuery {
        if let after = parameters.after, after < 0 {
            throw Failure(InvalidValue(path: "/after", reason: "\(after) is no journal number", expected: "0 or more"))
        }
        return ChangeQuery(
            after: parameters.after ?? 0,
            limit: try pageSize(parameters.limit),
            lane: parameters.lane.map(Lane.init(name:)),
            type: parameters.type,
            since: parameters.since
        )
    }

    // MARK: Subscriptions

    @Sendable private func subscribe(
        _ parameters: EventListParameters,
        _ call: Call
    ) async throws -> SubscriptionProducer {
        if parameters.wait != nil {
            throw Failure(
                InvalidValue(path: "/wait", reason: "is only for event.list", hint: "a subscription waits by itself")
            )
        }
        if parameters.as != nil {
            throw Failure(InvalidValue(path: "/as", reason: "is only for event.list"))
        }
        let store = try parts.store
        var query = try query(parameters)
        query.limit = 100
        if parameters.after == nil, parameters.since == nil { query.after = store.head }
        return { [query] sink in await self.produce(store, query, sink) }
    }

    private func produce(_ store: Store, _ query: ChangeQuery, _ sink: SubscriptionSink) async -> SubscriptionEnd {
        var query = query
        let signals = store.signals.changes(.journal)
        var iterator = signals.makeAsyncIterator()
        do {
            while true {
                let page = try await store.read { [query] in try $0.changes(query) }
                for change in page.changes {
                    try await sink.send(
                        CloudEvent.single(change, agent: agentName),
                        next: .number(String(change.sequence))
                    )
                }
                query.after = page.next
                guard page.changes.isEmpty else { continue }
                guard await iterator.next() != nil else { break }
            }
        } catch {
            // The store went away, or the reader did: either way the position is said.
        }
        return SubscriptionEnd(cause: SubscriptionEnd.stopping, next: .number(String(query.after)))
    }

    @Sendable private func cancel(_ parameters: SubscriptionReference, _ call: Call) throws -> JSON {
        guard call.request.connection.cancelSubscription(parameters.subscription) else {
            throw Failure(
                .notFound,
                "this connection has no subscription \"\(parameters.subscription)\"",
                path: "/subscription"
            )
        }
        return [:]
    }
}
