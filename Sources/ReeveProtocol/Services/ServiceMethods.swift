package import JSON

/// Parameters of `service.put`.
package struct ServicePutParameters: Sendable, Decodable {
    package var service: ServiceDefinition
    /// The put is refused unless this is the current revision; 0: unless there is no such service.
    package var ifRevision: Int?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service, ifRevision
    }
}

/// Parameters of `service.check`: the definition may be one that does not decode.
package struct ServiceCheckParameters: Sendable, Decodable {
    package var service: JSON

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service
    }
}

/// Parameters of methods that concern one service.
package struct ServiceReference: Sendable, Decodable {
    package var service: String

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service
    }
}

/// Parameters of `service.get`.
package struct ServiceGetParameters: Sendable, Decodable {
    package var service: String
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service, timeZone
    }
}

/// Parameters of `service.start`, `service.stop` and `service.restart`.
package struct ServiceOrderParameters: Sendable, Decodable {
    package var service: String
    package var reason: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service, reason
    }
}

/// What `service.wait` waits for.
package enum ServiceGoal: String, WireWord {
    /// It is as it is meant to be, and stays so unless something happens: ready, stopped, completed or failed.
    case settled
    case started, ready, healthy
    /// Nothing of it runs.
    case stopped
}

/// Parameters of `service.wait`.
package struct ServiceWaitParameters: Sendable, Decodable {
    package var service: String
    /// `settled` if absent.
    package var until: ServiceGoal?
    package var deadline: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service, until, deadline
    }
}

/// Parameters of `service.list`.
package struct ServiceListParameters: Sendable, Decodable {
    package var limit: Int?
    /// `next` of the answer before.
    package var after: String?
    package var labels: [String: String]?
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case limit, after, labels, timeZone
    }
}

/// Parameters of `service.follow`.
package struct ServiceFollowParameters: Sendable, Decodable {
    package var service: String
    package var stream: OutputStreamName?
    /// Where to begin; with the oldest that is kept if absent.
    package var after: String?
    /// Begins with so many last bytes of what there is.
    package var tail: Int?
    package var encoding: OutputEncoding?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service, stream, after, tail, encoding
    }
}

/// Parameters of `service.logs`.
package struct ServiceLogsParameters: Sendable, Decodable {
    package var service: String
    package var stream: OutputStreamName?
    /// `next` of the answer before; from the oldest that is kept if absent.
    package var after: String?
    /// Bytes, 1 to 1 MiB.
    package var limit: Int?
    /// Only the last bytes of what there is.
    package var tail: Int?
    package var encoding: OutputEncoding?
    /// How long to wait for output if there is none yet.
    package var wait: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case service, stream, after, limit, tail, encoding, wait
    }
}
