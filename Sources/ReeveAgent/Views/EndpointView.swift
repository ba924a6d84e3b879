import JSON
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// An endpoint as clients see it: without its secrets.
enum EndpointView {
    static func definition(_ definition: EndpointDefinition) throws -> JSON { try JSONCoder.encode(definition.masked) }

    /// Where it is; a whole URL that is secret stays so.
    static func url(_ definition: EndpointDefinition) -> JSON? {
        switch definition.url {
        case .literal(let text): .string(text)
        case .file(let path): ["file": .string(path)]
        case .credential(let name): ["credential": .string(name)]
        case .generate, nil: nil
        }
    }

    /// One entry of a list.
    static func item(_ endpoint: StoredEndpoint, _ backlog: EndpointBacklog, status: EndpointStatus?) throws -> JSON {
        var object: JSONObject = ["name": .string(endpoint.name)]
        object["kind"] = .string(endpoint.definition.kind.rawValue)
        object["url"] = url(endpoint.definition)
        object["path"] = endpoint.definition.path.map(JSON.string)
        object["command"] = endpoint.definition.command.map { .array($0.map(JSON.string)) }
        object.members += try state(endpoint, backlog, status: status).members
        return .object(object)
    }

    /// A key that was made, to be shown once: of a pair only the half that the receiver needs.
    static func madeKey(_ key: String?) -> JSONObject {
        guard let key else { return [:] }
        if let publicKey = SigningKey(key)?.publicKey { return ["publicKey": .string(publicKey)] }
        return ["secret": .string(key)]
    }

    /// What people have put to it for a time or for good.
    static func standing(_ endpoint: StoredEndpoint) throws -> JSONObject {
        [
            "paused": try endpoint.pause.map { try TaskView.pause($0, zone: nil) } ?? .null,
            "muted": try endpoint.muting.present.map { try TaskView.pause($0, zone: nil) } ?? .null,
        ]
    }

    static func state(_ endpoint: StoredEndpoint, _ status: EndpointStatus?) -> EndpointState {
        if endpoint.pause != nil { return .paused }
        if endpoint.definition.kind == .queue { return .active }
        return status?.overview.state ?? .unavailable
    }

    static func state(_ endpoint: StoredEndpoint, _ backlog: EndpointBacklog, status: EndpointStatus?) throws
        -> JSONObject
    {
        var object: JSONObject = ["source": .string(endpoint.source), "by": .string(endpoint.by)]
        object["changedAt"] = endpoint.changedAt.json
        object["state"] = .string(state(endpoint, status).rawValue)
        object.members += try standing(endpoint).members
        // The half that the receiver needs is no secret.
        if case .literal(let text) = endpoint.definition.secret {
            object["publicKey"] = SigningKey(text)?.publicKey.map(JSON.string)
        }
        object["previousKeyUntil"] = endpoint.previousKey?.until.json
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
        object["mutedChanges"] = .number(String(counts.muted))
        object["retries"] = .number(String(counts.retries))
        object["lastAnswer"] = counts.lastAnswer.map(JSON.string) ?? .null
        object["nextTry"] = status.nextTry?.json ?? .null
        return object
    }

    /// What of an endpoint is counted beside what a list shows; empty where nothing is sent to it.
    static func metrics(_ status: EndpointStatus?) -> JSONObject {
        guard let overview = status?.overview else { return [:] }
        let (counts, durations) = (overview.counts, overview.counts.durations)
        var object: JSONObject = ["breaker": .string(overview.breaker.rawValue)]
        object["accepted"] = .number(String(counts.accepted))
        object["parked"] = .number(String(counts.dead))
        object["statuses"] = .object(
            JSONObject(
                counts.statuses.sorted { $0.key < $1.key }.map { status, count in
                    .init(name: statusName(status), value: .number(String(count)))
                }
            )
        )
        var buckets = zip(DurationHistogram.bounds, durations.counts).map { bound, count -> JSON in
            ["atMost": .string(bound.description), "count": .number(String(count))]
        }
        buckets.append(["atMost": .null, "count": .number(String(durations.counts.last ?? 0))])
        object["latency"] = [
            "count": .number(String(durations.count)),
            "sum": .string(Interval(.seconds(durations.sum)).description), "buckets": .array(buckets),
        ]
        return object
    }

    /// `none` for requests that had no answer.
    static func statusName(_ status: Int) -> String { status == 0 ? "none" : String(status) }

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
