/// Parameters of `endpoint.put`.
package struct EndpointPutParameters: Sendable, Decodable {
    package var endpoint: EndpointDefinition
    /// The put is refused unless the endpoint was changed then last, and is there.
    package var ifChangedAt: Timestamp?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, ifChangedAt
    }
}

/// Parameters of `endpoint.get` and `endpoint.remove`.
package struct EndpointReference: Sendable, Decodable {
    package var endpoint: String

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint
    }
}

/// Parameters of `endpoint.test`: a name, or a definition that need not have been put.
package struct EndpointTestParameters: Sendable, Decodable {
    package enum Subject: Sendable, Decodable {
        case name(String)
        case definition(EndpointDefinition)

        package init(from decoder: any Decoder) throws {
            if let name = try? decoder.singleValueContainer().decode(String.self) {
                self = .name(name)
            } else {
                self = .definition(try EndpointDefinition(from: decoder))
            }
        }
    }

    package var endpoint: Subject
    /// The type that the test event's filter is asked about.
    package var type: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, type
    }
}

/// Parameters of `endpoint.list`.
package struct ListParameters: Sendable, Decodable {
    package var limit: Int?
    package var after: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case limit, after
    }
}

/// Parameters of `agent.status` and `engine.report`.
package struct StatusParameters: Sendable, Decodable {
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case timeZone
    }
}

/// Parameters of a method that has none.
package struct NoParameters: Sendable, Decodable {
    package enum CodingKeys: CodingKey, CaseIterable {}

    package init(from decoder: any Decoder) throws {
        _ = try decoder.container(keyedBy: CodingKeys.self)
    }
}

/// Parameters of `agent.flush`.
package struct FlushParameters: Sendable, Decodable {
    package var deadline: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case deadline
    }
}

/// Parameters of `agent.reload`.
package struct ReloadParameters: Sendable, Decodable {
    /// Only to say what would change.
    package var dryRun: Bool?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case dryRun
    }
}

/// Parameters of `engine.restart`.
package struct EngineRestartParameters: Sendable, Decodable {
    package var name: String

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name
    }
}
