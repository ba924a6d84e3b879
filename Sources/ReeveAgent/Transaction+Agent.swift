import JSON
import ReeveProtocol
import ReeveStore

extension Transaction {
    /// Puts the endpoints of the configuration, and removes what an earlier one said and this one does not.
    func putConfigured(_ endpoints: [EndpointPreparation]) throws {
        let source = EndpointSource.configuration
        for endpoint in endpoints { _ = try endpoint.put(self, source: source, by: source) }
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
