import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// What is shown of an endpoint can be put again.
struct EndpointMaskTests {
    @Test func `what is shown as masked and put again stays what it was`() async throws {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with { agent in
                let endpoint: JSON = [
                    "name": "ops", "kind": "webhook", "url": .string(receiver.url),
                    "secret": .string(ExampleFixture.secret),
                    "headers": ["x-a": "first", "x-b": "second"], "filter": ["types": ["order.*"]],
                ]
                try await agent.call("endpoint.put", ["endpoint": endpoint])
                let shown = try await agent.call("endpoint.get", ["endpoint": "ops"])["endpoint"]
                var definition = try #require(shown?.object)
                #expect(definition["secret"] == "…" && definition["headers"] == ["x-a": "…", "x-b": "…"])
                definition["headers"] = ["x-a": "…", "x-b": "other"]
                definition["timeout"] = "7s"
                let put = try await agent.call("endpoint.put", ["endpoint": .object(definition)])
                #expect(put["created"] == false && put[at: "endpoint", "timeout"] == "7s")
                try await agent.call("event.publish", ["events": [["type": "order.paid"]]])
                #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                let request = try #require(receiver.records.first?.request)
                #expect(request.isSigned(with: ExampleFixture.secret))
                #expect(request.headers.first { $0.name.lowercased() == "x-a" }?.value == "first")
                #expect(request.headers.first { $0.name.lowercased() == "x-b" }?.value == "other")
            }
        }
    }

    @Test func `a mask where nothing is there to keep is refused`() async throws {
        try await RunningAgent.with { agent in
            let url: JSON = "http://127.0.0.1:1/"
            let refused: [(JSONObject, String)] = [
                (["kind": "webhook", "url": url, "secret": "…"], "/endpoint/secret"),
                (["kind": "webhook", "url": url, "headers": ["x-a": "…"]], "/endpoint/headers/x-a"),
                (["kind": "command", "command": ["/bin/cat"], "environment": ["K": "…"]], "/endpoint/environment/K"),
            ]
            for (definition, path) in refused {
                var definition = definition
                definition["name"] = "ops"
                let failure = try await agent.failure("endpoint.put", ["endpoint": .object(definition)])
                #expect(failure?.kind == "invalidParams" && failure?.data?["path"]?.string == path, "\(path)")
            }
            // Nor does a value from a file become another one.
            let file: JSON = ["file": "/etc/hostname"]
            let endpoint: JSON = ["name": "ops", "kind": "webhook", "url": url, "headers": ["x-a": file]]
            try await agent.call("endpoint.put", ["endpoint": endpoint])
            let masked: JSON = ["name": "ops", "kind": "webhook", "url": url, "headers": ["x-a": "…"]]
            #expect(try await agent.failure("endpoint.put", ["endpoint": masked])?.kind == "invalidParams")
        }
    }

    @Test func `what somebody changed meanwhile is not put over`() async throws {
        try await RunningAgent.with { agent in
            func put(_ timeout: JSON, ifChangedAt: JSON?) -> JSON {
                let endpoint: JSON = [
                    "name": "ops", "kind": "webhook", "url": "http://127.0.0.1:1/", "timeout": timeout,
                ]
                var parameters: JSONObject = ["endpoint": endpoint]
                parameters["ifChangedAt"] = ifChangedAt
                return .object(parameters)
            }
            let before: JSON = "2020-01-01T00:00:00.000Z"
            let absent = try await agent.failure("endpoint.put", put("5s", ifChangedAt: before))
            #expect(absent?.kind == "conflict" && absent?.message == "there is no endpoint \"ops\" any more")
            try await agent.call("endpoint.put", put("5s", ifChangedAt: nil))
            let changedAt = try await agent.call("endpoint.get", ["endpoint": "ops"])["changedAt"]
            let stale = try await agent.failure("endpoint.put", put("6s", ifChangedAt: before))
            #expect(stale?.kind == "conflict" && stale?.data?["changedAt"] == changedAt)
            #expect(try await agent.call("endpoint.get", ["endpoint": "ops"])[at: "endpoint", "timeout"] == "5s")
            try await agent.call("endpoint.put", put("6s", ifChangedAt: changedAt))
            #expect(try await agent.call("endpoint.get", ["endpoint": "ops"])[at: "endpoint", "timeout"] == "6s")
        }
    }
}
