import Glibc
import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// Endpoints in drop-in files and in the configuration.
struct EndpointFolderTests {
    private static func file(_ receiver: WebhookReceiver, _ path: String) -> String {
        """
        tasks:
        - {id: marker, command: [/bin/true]}
        endpoints:
        - {name: ops, kind: webhook, url: "\(receiver.url)", filter: {types: ["order.*"]}}
        - {name: log, kind: file, path: \(path)/events.ndjson}
        """
    }

    @Test func `endpoints of a file work, belong to it, keep their place when it changes, and go with it`() async throws
    {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with(files: [], bare: .task) { agent, folder in
                try writeDropIn(folder, "a.yaml", Self.file(receiver, agent.folder.path))
                try await agent.looked(folder, "first")
                let source = JSON.string("folder:\(folder)/a.yaml")
                let found = try await agent.call("endpoint.get", ["endpoint": "ops"])
                #expect(found["source"] == source && found["by"] == source)
                try await agent.call("event.publish", ["events": [["type": "order.paid"]]])
                #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                #expect(receiver.records.count == 1)
                for (method, parameters) in [
                    ("endpoint.put", ["endpoint": ["name": "log", "kind": "stdout"]]),
                    ("endpoint.remove", ["endpoint": "log"]), ("endpoint.rotate", ["endpoint": "ops"]),
                ] as [(String, JSON)] {
                    let failure = try await agent.failure(method, parameters)
                    #expect(failure?.kind == "conflict" && failure?.data?["owner"] == source, "\(method)")
                }
                // How it stands is another matter, and outlives a change of the file.
                try await agent.call("endpoint.mute", ["endpoint": "ops"])
                let cursor = try await agent.call("endpoint.get", ["endpoint": "ops"])["cursor"]?.integer ?? 0
                let other = Self.file(receiver, agent.folder.path).replacing("order.*", with: "*.paid")
                try writeDropIn(folder, "a.yaml", other)
                try await agent.looked(folder, "second")
                let changed = try await agent.call("endpoint.get", ["endpoint": "ops"])
                #expect(changed[at: "endpoint", "filter", "types", "0"] == "*.paid")
                #expect(changed["cursor"]?.integer ?? 0 >= cursor && changed[at: "muted", "by"] != nil)
                unlink(folder + "/a.yaml")
                _ = try await agent.taskEvent("marker", "removed")
                #expect(try await agent.call("endpoint.list")["endpoints"] == [])
            }
        }
    }

    @Test func `one that somebody else has put is not taken over, and the rest of its file waits with it`() async throws
    {
        try await RunningAgent.with(files: [], bare: .task) { agent, folder in
            try await agent.call("endpoint.put", ["endpoint": ["name": "log", "kind": "queue"]])
            try writeDropIn(
                folder,
                "a.yaml",
                "endpoints:\n- {name: log, kind: queue}\n- {name: more, kind: queue}\n"
            )
            try await agent.looked(folder)
            let listed = try await agent.call("endpoint.list")["endpoints"]?.array ?? []
            #expect(listed.map { $0["name"] } == ["log"] && listed.map { $0["source"] } == ["rpc"])
            let degraded = try await agent.call("agent.status")["degraded"]?.text ?? ""
            #expect(degraded.contains("endpoint \\\"log\\\" belongs to rpc"), "\(degraded)")
            // As soon as it is gone, the file has it.
            try await agent.call("endpoint.remove", ["endpoint": "log"])
            try await agent.looked(folder, "again")
            let again = try await agent.call("endpoint.list")["endpoints"]?.array ?? []
            #expect(again.map { $0["name"] } == ["log", "more"])
        }
    }

    @Test(arguments: [
        ("endpoints:\n- {name: a, kind: file}\n", ":2:", "/endpoints/0/path"),
        ("endpoints:\n- {name: a, kind: queue}\n- {name: a, kind: queue}\n", ":3:", "is an earlier endpoint's"),
        (
            "endpoints:\n- {name: a, kind: webhook, url: \"http://h/\", secret: {generate: true}}\n", ":2:",
            "cannot be generated"
        ),
        (
            "endpoints:\n- {name: a, kind: webhook, url: \"http://h/\", format: template, template: \"{{a\"}\n", ":2:",
            "is no Mustache template"
        ),
        ("endpoints:\n- {name: a, kind: queue, from: never}\n", ":2:", "is no place to begin at"),
    ])
    func `what is wrong with an endpoint in a file is said with its place`(text: String, place: String, part: String)
        throws
    {
        let folder = try TemporaryFolder()
        try writeDropIn(folder.path, "a.yaml", text)
        let error = #expect(throws: ConfigurationError.self) { try taskFile(folder.path + "/a.yaml") }
        #expect(error?.description.hasPrefix(folder.path + "/a.yaml" + place) == true, "\(String(describing: error))")
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }

    @Test func `the configuration's endpoints are put at start and go when it says them no more; those of others stay`()
        async throws
    {
        let folder = try TemporaryFolder()
        try await RunningAgent.with(folder: folder) { agent in
            try await agent.call("endpoint.put", ["endpoint": ["name": "a", "kind": "queue"]])
            try await agent.call("endpoint.put", ["endpoint": ["name": "mine", "kind": "queue"]])
        }
        let queues = ["a", "b"].map { EndpointDefinition(name: $0, kind: .queue) }
        try await RunningAgent.with(folder: folder, { $0.endpoints = queues }) { agent in
            let listed = try await agent.call("endpoint.list")["endpoints"]?.array ?? []
            #expect(listed.map { $0["name"] } == ["a", "b", "mine"])
            #expect(listed.map { $0["source"] } == ["rpc", "configuration", "rpc"])
            #expect(try await agent.failure("endpoint.remove", ["endpoint": "b"])?.kind == "conflict")
        }
        try await RunningAgent.with(folder: folder) { agent in
            let listed = try await agent.call("endpoint.list")["endpoints"]?.array ?? []
            #expect(listed.map { $0["name"] } == ["a", "mine"])
        }
    }
}
