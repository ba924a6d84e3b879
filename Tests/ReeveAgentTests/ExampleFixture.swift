import JSON
import JSONRPC
import ReeveProtocol
import TestSupport

@testable import ReeveAgent

/// The little world in which the document's examples are true: a task that ran once, two services, an endpoint that
/// answers, an event.
struct ExampleFixture: Sendable {
    let agent: RunningAgent
    let receiver: WebhookReceiver
    /// An open subscription, where the example needs one.
    var subscription: ClientSubscription?

    static let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

    static func with(_ body: @escaping @Sendable (ExampleFixture) async throws -> Void) async throws {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with(source: anotherConfiguration) { agent in
                var fixture = ExampleFixture(agent: agent, receiver: receiver)
                try await fixture.fill()
                try await body(fixture)
            }
        }
    }

    /// What the agent finds when it reads its configuration again.
    private static func anotherConfiguration(_ beginning: Configuration) -> ConfigurationSource {
        ConfigurationSource(
            read: {
                var configuration = beginning
                configuration.concurrency *= 2
                configuration.limits.depth *= 2
                var endpoint = EndpointDefinition(name: "audit", kind: .file)
                endpoint.path = beginning.stateDirectory + "/audit"
                configuration.endpoints = [endpoint]
                return (configuration, "/etc/reeve/reeve.yaml")
            },
            taken: { _ in }
        )
    }

    private mutating func fill() async throws {
        let endpoint: JSON = [
            "name": "ops", "kind": "webhook", "url": .string(receiver.url), "secret": .string(Self.secret),
            "from": "oldest",
        ]
        try await agent.call("endpoint.put", ["endpoint": endpoint])
        try await agent.call("group.put", ["group": ["name": "disk", "limit": 1]])
        try await agent.put("nightly-backup", shell: "echo saved; echo slowly >&2", ["schedule": ["cron": "0 3 * * *"]])
        _ = try await agent.runToEnd("nightly-backup")
        for (name, shell, more) in [
            ("db", "exec sleep 1000", [:]), ("web", "echo serving; exec sleep 1000", ["requires": ["db"]]),
        ]
            as [(String, String, JSONObject)]
        {
            var service: JSONObject = ["name": .string(name), "command": ["/bin/sh", "-c", .string(shell)]]
            service.members += more.members
            try await agent.call("service.put", ["service": .object(service)])
        }
        try await agent.call("service.wait", ["service": "web"])
        let event: JSON = ["type": "com.example.order.placed", "subject": "order-17", "data": ["total": 12]]
        try await agent.call("event.publish", ["events": [event]])
        for await request in receiver.requests where request.type == "com.example.order.placed" { break }
        try await agent.call("agent.flush")
    }

    /// What an example stands upon beside that, and its parameters for this agent.
    func prepare(_ method: String, _ parameters: JSONObject) async throws -> (JSONObject, ClientSubscription?) {
        var parameters = parameters
        switch method {
        case "run.stop":
            let fifo = try Fifo(agent.folder.path + "/slow")
            try await agent.put("slow", shell: "read line < \(fifo.path)")
            try await agent.call("task.run", ["task": "slow"])
        case "run.input", "run.resize":
            let step: JSON = ["name": "main", "command": ["/bin/sh"], "terminal": [:]]
            try await agent.call("task.put", ["task": ["id": "shell", "steps": [step]]])
            try await agent.call("task.run", ["task": "shell"])
            try await agent.told("dev.reeve.run.running", of: "shell")
        case "endpoint.commit":
            try await agent.call("endpoint.put", ["endpoint": ["name": "work", "kind": "queue"]])
        case "run.retry":
            try await agent.put("failing", shell: "exit 1")
            _ = try await agent.runToEnd("failing")
        case "deadLetter.get": parameters["id"] = .string(try await refusedLetter())
        case "subscription.cancel":
            let subscription = try await agent.client.subscribe("event.subscribe")
            parameters["subscription"] = .string(subscription.id)
            return (parameters, subscription)
        default: break
        }
        return (parameters, nil)
    }

    /// Makes a dead letter; answers its id.
    private func refusedLetter() async throws -> String {
        receiver.answer { request in request.type == "com.example.order.refused" ? .status(422) : .ok }
        let endpoint: JSON = [
            "name": "strict", "kind": "webhook", "url": .string(receiver.url), "retry": ["limit": 1],
            "filter": ["types": ["com.example.order.refused"]],
        ]
        try await agent.call("endpoint.put", ["endpoint": endpoint])
        let event: JSON = ["type": "com.example.order.refused", "subject": "order-18"]
        let published = try await agent.call("event.publish", ["events": [event]])
        for await request in receiver.requests where request.type == "com.example.order.refused" { break }
        try await agent.call("agent.flush")
        return "strict/\(published["events"]?.array?.first?["seq"]?.text ?? "")"
    }
}
