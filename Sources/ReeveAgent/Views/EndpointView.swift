import JSON
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// An endpoint as clients see it: without its secrets.
enum EndpointView {
    static func definition(_ definition: EndpointDefinition) throws -> JSON {
        guard case .object(var object) = try JSONCoder.encode(definition) else { return nil }
        if case .literal = definition.secret { object["secret"] = "…" }
        for field in ["headers", "environment"] {
            guard case .object(let values) = object[field] else { continue }
            object[field] = .object(
                JSONObject(values.members.map { .init(name: $0.name, value: $0.value.string == nil ? $0.value : "…") })
            )
        }
        return .object(object)
    }

    /// Where it is; a whole URL that is secret stays so.
    private static func url(_ definition: EndpointDefinition) -> JSON? {
        switch definition.url {
        case .literal(let text): .string(text)
        case .file(let path): ["file": .string(path)]
        case .credential(let name): ["credential": .string(name)]
        case .generate, nil: nil
        }
    }

    /// One entry of a list.
    static func item(_ endpoint: StoredEndpoint, _ backlog: EndpointBacklog, status: EndpointStatus?) -> JSON {
        var object: JSONObject = ["name": .string(endpoint.name)]
        object["kind"] = .string(endpoint.definition.kind.rawValue)
        object["url"] = url(endpoint.definition)
        object["path"] = endpoint.definition.path.map(JSON.string)
        object["command"] = endpoint.definition.command.map { .array($0.map(JSON.string)) }
        object.members += state(endpoint, backlog, status: status).members
        return .object(object)
    }

    static func state(_ endpoint: StoredEndpoint, _ backlog: EndpointBacklog, status: EndpointStatus?) -> JSONObject {
        var object = JSONObject()
        object["state"] = .string(status?.overview.state.rawValue ?? "unavailable")
        object["pending"] = .number(String(backlog.pending))
        object["oldest"] = backlog.oldest?.json ?? .null
        object["deadLetters"] = .number(String(backlog.deadLetters))
        object["cursor"] = .number(String(endpoint.cursor))
        guard let status else { return object }
        let counts = status.overview.counts
        object["inFlight"] = .number(String(status.overview.inFlight))
        object["laggards"] = .number(String(status.overview.laggards))
        object["delivered"] = .number(String(counts.delivered))
        object["filtered"] = .number(String(counts.filtered))
        object["retries"] = .number(String(counts.retries))
        object["lastAnswer"] = counts.lastAnswer.map(JSON.string) ?? .null
        object["nextTry"] = status.nextTry?.json ?? .null
        return object
    }

    static func test(_ test: EndpointTest) -> JSON {
        var object: JSONObject = ["delivered": .bool(test.delivered)]
        object["status"] = test.status.map { .number(String($0)) } ?? .null
        object["headers"] = .object(JSONObject(test.headers.map { .init(name: $0.name, value: .string($0.value)) }))
        object["body"] = .string(test.body)
        object["duration"] = .string(Interval(test.duration).description)
        object["filtered"] = .bool(test.filtered)
        object["curl"] = .string(test.curl)
        return .object(object)
    }
}
