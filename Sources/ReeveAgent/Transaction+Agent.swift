import JSON
import ReeveProtocol
import ReeveStore

extension StateReading {
    /// What is called like an endpoint of the configuration and is somebody else's.
    func foreign(_ endpoints: [EndpointPreparation]) throws -> [StoredEndpoint] {
        let names = Set(endpoints.map(\.definition.name))
        return try self.endpoints().filter { names.contains($0.name) && $0.source != DefinitionSource.configuration }
    }
}

extension Transaction {
    /// Puts the endpoints of the configuration, and removes what an earlier one said and this one does not.
    ///
    /// - Parameter foreign: The names of those that are somebody else's, and stay so.
    func putConfigured(_ endpoints: [EndpointPreparation], except foreign: Set<String> = []) throws {
        let source = DefinitionSource.configuration
        for endpoint in endpoints where !foreign.contains(endpoint.definition.name) {
            _ = try endpoint.put(self, source: source, by: source)
        }
        let names = Set(endpoints.map(\.definition.name))
        for endpoint in try self.endpoints() where endpoint.source == source && !names.contains(endpoint.name) {
            _ = try removeEndpoint(endpoint.name)
        }
    }

    /// Appends a change of the agent's own.
    func tell(_ what: String, _ summary: String, agent: String, _ more: JSONObject = JSONObject()) throws {
        var data: JSONObject = ["version": .string(Identity.version)]
        data.members += more.members
        try append(
            lane: .agent,
            StateChange.Content(
                type: EventType.agent(what),
                subject: agent,
                time: now,
                summary: summary,
                data: .object(data)
            )
        )
    }
}
