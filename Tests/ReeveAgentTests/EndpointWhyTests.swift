import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// `endpoint.why`, the counts of `endpoint.get`, and `agent.metrics`, of a running agent with a real receiver.
struct EndpointWhyTests {
    private static func why(_ agent: RunningAgent, _ more: JSONObject = [:]) async throws -> JSON {
        var parameters: JSONObject = ["endpoint": "ops", "timeZone": "UTC"]
        for member in more.members { parameters[member.name] = member.value }
        return try await agent.call("endpoint.why", .object(parameters))
    }

    private static func put(_ agent: RunningAgent, _ receiver: WebhookReceiver) async throws {
        let endpoint: JSON = [
            "name": "ops", "kind": "webhook", "url": .string(receiver.url), "filter": ["types": ["order.*"]],
            "retry": ["delay": "1ms", "factor": 1, "maximum": "1ms"],
        ]
        try await agent.call("endpoint.put", ["endpoint": endpoint])
    }

    private static func publish(_ agent: RunningAgent, _ types: String...) async throws {
        let events = types.map { ["type": .string($0)] as JSON }
        try await agent.call("event.publish", ["events": .array(events)])
    }

    /// Returns when such a change was recorded, with when that was.
    private static func told(_ agent: RunningAgent, _ type: String, after: JSON = 0) async throws -> String {
        let parameters: JSON = ["type": .string(type), "wait": "60s", "after": after]
        while true {
            let events = try await agent.call("event.list", parameters)["events"]?.array ?? []
            if let time = events.last?["time"]?.string { return time }
        }
    }

    @Test func `one that does not answer says why, and later that it did not then`() async throws {
        try await WebhookReceiver.running(decide: { _ in .status(503, body: "busy") }) { receiver in
            try await RunningAgent.with { agent in
                try await Self.put(agent, receiver)
                #expect(try await Self.why(agent)["status"] == "idle")
                try await Self.publish(agent, "other", "order.paid")
                let opened = try await Self.told(agent, "dev.reeve.endpoint.opened")
                let down = try await Self.why(agent)
                #expect(down["status"] == "down" && down["pending"]?.integer ?? 0 > 0)
                let summary = down["summary"]?.string ?? ""
                #expect(
                    summary.hasPrefix("ops does not answer since 2") && summary.contains(": 503: busy; "),
                    "\(summary)"
                )
                try await agent.call("endpoint.pause", ["endpoint": "ops", "reason": "moves"])
                let paused = try await Self.why(agent)
                #expect(paused["status"] == "paused" && paused[at: "paused", "reason"] == "moves")
                receiver.answer { _ in .ok }
                try await agent.call("endpoint.resume", ["endpoint": "ops"])
                let closed = try await Self.told(agent, "dev.reeve.endpoint.closed")
                #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                let up = try await Self.why(agent)
                #expect(up["status"] == "idle" && up["summary"] == "ops has got all that is meant for it")
                #expect(up["reasons"]?.array?.last?.string?.hasSuffix(#"from it: {"types":["order.*"]}"#) == true)
                let then = try await Self.why(agent, ["at": .string(opened)])
                #expect(then["status"] == "down" && then["since"]?.string == opened && then["until"]?.string == closed)
                #expect(then["summary"]?.string?.hasPrefix("ops did not answer: 503: busy, since ") == true)
                #expect(try await Self.why(agent, ["at": "2020-01-01T00:00:00Z"])["status"] == "absent")
                let future = try await agent.failure("endpoint.why", ["endpoint": "ops", "at": "2999-01-01T00:00:00Z"])
                #expect(future?.data?["path"] == "/at")
                #expect(try await agent.failure("endpoint.why", ["endpoint": "opt"])?.data?["kind"] == "notFound")
            }
        }
    }

    @Test func `what was done for an endpoint is counted, and told as OpenMetrics too`() async throws {
        let isBad: @Sendable (WebhookReceiver.Request) -> Bool = { $0.type == "order.bad" }
        try await WebhookReceiver.running(decide: { isBad($0) ? .status(422) : .status(204) }) { receiver in
            try await RunningAgent.with { agent in
                try await Self.put(agent, receiver)
                try await Self.publish(agent, "other", "order.paid", "order.bad", "order.sent")
                #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                let stand = try await agent.call("endpoint.get", ["endpoint": "ops"])
                #expect(stand["accepted"] == 3 && stand["delivered"] == 2 && stand["parked"] == 1)
                #expect(stand["filtered"]?.integer ?? 0 >= 1 && stand["breaker"] == "closed")
                #expect(stand["statuses"] == ["204": 2, "422": 5] && stand[at: "latency", "count"] == 7)
                let counts = stand[at: "latency", "buckets"]?.array?.compactMap { $0["count"]?.integer } ?? []
                #expect(counts.reduce(0, +) == 7 && counts.count == 13)
                let metrics = try await agent.call("agent.metrics")
                let lines = metrics["text"]?.string?.split(separator: "\n") ?? []
                #expect(lines.contains(#"reeve_endpoint_delivered_total{endpoint="ops"} 2"#))
                #expect(lines.contains(#"reeve_endpoint_answers_total{endpoint="ops",status="422"} 5"#))
                #expect(lines.contains(#"reeve_endpoint_dead_letters{endpoint="ops"} 1"#) && lines.last == "# EOF")
            }
        }
    }
}
