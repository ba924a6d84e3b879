import JSON
import JSONRPC
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// `endpoint.*`.
struct EndpointMethods: Sendable {
    var parts: Parts

    var methods: [AgentMethod] {
        [
            .changing("endpoint.put", .administer, put),
            .reading("endpoint.get", .observe, get),
            .reading("endpoint.list", .observe, list),
            .changing("endpoint.remove", .administer, remove),
            .waiting("endpoint.test", .operate, test),
        ]
    }

    @Sendable private func put(_ parameters: EndpointPutParameters, _ call: Call) async throws -> JSON {
        let by = call.caller.name
        let (endpoint, prepared, created, earlier) = try await parts.store.write { transaction in
            let before = try transaction.endpoint(parameters.endpoint.name)
            try parameters.checkUnchanged(before)
            let prepared = try EndpointPreparation(parameters.endpoint, before: before?.definition)
            let endpoint = try prepared.put(transaction, source: DefinitionSource.rpc, by: by)
            let first = try transaction.firstSequence() ?? endpoint.cursor + 1
            return (endpoint, prepared, before == nil, max(0, endpoint.cursor - first + 1))
        }
        var answer = JSONObject()
        answer["endpoint"] = try EndpointView.definition(endpoint.definition)
        answer["created"] = .bool(created)
        answer["cursor"] = .number(String(endpoint.cursor))
        answer["earlier"] = .number(String(earlier))
        answer.members += EndpointView.madeKey(prepared.generatedSecret).members
        return .object(answer)
    }

    @Sendable private func get(_ parameters: EndpointReference, _ call: Call) async throws -> JSON {
        let status = parts.endpointStatuses[parameters.endpoint]
        let (endpoint, backlog) = try await parts.store.read { reader in
            let endpoint = try reader.namedEndpoint(parameters.endpoint)
            return (endpoint, try reader.backlog(of: endpoint))
        }
        var answer = JSONObject()
        answer["endpoint"] = try EndpointView.definition(endpoint.definition)
        answer.members += try EndpointView.state(endpoint, backlog, status: status).members
        answer.members += EndpointView.metrics(status).members
        return .object(answer)
    }

    @Sendable private func list(_ parameters: ListParameters, _ call: Call) async throws -> JSON {
        let limit = try pageSize(parameters.limit)
        let statuses = parts.endpointStatuses
        let endpoints = try await parts.store.read { reader in
            try reader.endpoints()
                .filter { $0.name > parameters.after ?? "" }
                .prefix(limit + 1)
                .map { ($0, try reader.backlog(of: $0)) }
        }
        let items = try endpoints.prefix(limit).map { endpoint, backlog in
            try EndpointView.item(endpoint, backlog, status: statuses[endpoint.name])
        }
        let last = endpoints.count > limit ? endpoints[limit - 1].0.name : nil
        return ["endpoints": .array(items), "next": last.map(JSON.string) ?? .null]
    }

    @Sendable private func remove(_ parameters: EndpointReference, _ call: Call) async throws -> JSON {
        let undelivered = try await parts.store.write { transaction in
            let endpoint = try transaction.namedEndpoint(parameters.endpoint)
            let undelivered = try transaction.undelivered(of: endpoint).count
            _ = try transaction.removeEndpoint(endpoint.name, source: DefinitionSource.rpc)
            return undelivered
        }
        return ["endpoint": .string(parameters.endpoint), "undelivered": .number(String(undelivered))]
    }

    @Sendable private func test(_ parameters: EndpointTestParameters, _ call: Call) async throws -> JSON {
        let definition: EndpointDefinition
        var previousKey: PreviousKey?
        switch parameters.endpoint {
        case .name(let name):
            let endpoint = try await parts.store.read { try $0.namedEndpoint(name) }
            (definition, previousKey) = (endpoint.definition, endpoint.previousKey)
        case .definition(let given):
            guard call.role.grants(.administer) else {
                throw Failure(InvalidValue(path: "/endpoint", reason: "a definition needs the role administer"))
            }
            let problems = given.problems() + given.sendingProblems()
            guard problems.isEmpty else { throw Failure(problems, below: "/endpoint") }
            definition = given
        }
        guard definition.kind != .queue else {
            throw Failure(
                .invalidState,
                "nothing is sent to a queue: consumers fetch from it",
                path: "/endpoint",
                hint: "event.list {as: NAME}, then endpoint.commit"
            )
        }
        let test = try await parts.submitter.test(definition, type: parameters.type, previousKey: previousKey)
        return EndpointView.test(test)
    }
}

extension EndpointPutParameters {
    /// Throws `conflict` if somebody changed it since the time that is given.
    fileprivate func checkUnchanged(_ before: StoredEndpoint?) throws(Failure) {
        guard let ifChangedAt, ifChangedAt != before?.changedAt else { return }
        guard let before else {
            throw Failure(
                .conflict,
                "there is no endpoint \"\(endpoint.name)\" any more",
                reason: "it was removed since \(ifChangedAt)"
            )
        }
        throw Failure(
            .conflict,
            "endpoint \"\(endpoint.name)\" was changed at \(before.changedAt) by \(before.by), after \(ifChangedAt)",
            details: ["changedAt": before.changedAt.json]
        )
    }
}
