import Glibc
import JSON
import JSONRPC
import ReeveStore
import TestSupport
import Testing

@testable import ReeveAgent

/// Every kind of endpoint through the whole agent: real files, commands and sockets.
struct EndpointKindTests {
    private static func event(_ type: String = "order.paid", _ number: Int = 1) -> JSON {
        ["type": .string(type), "subject": "17", "data": ["number": .number(String(number))]]
    }

    private static func lines(_ path: String) throws -> [JSON] {
        let file = try #require(fopen(path, "re"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
    }

    @Test func `a file has every change as a line, also after it was renamed`() async throws {
        try await RunningAgent.with { agent in
            let path = agent.folder.path + "/events.ndjson"
            try await agent.call("endpoint.put", ["endpoint": ["name": "log", "kind": "file", "path": .string(path)]])
            try await agent.call("event.publish", ["events": [Self.event("order.paid", 1)]])
            #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
            #expect(rename(path, path + ".old") == 0)
            try await agent.call(
                "event.publish",
                ["events": [Self.event("order.paid", 2), Self.event("order.paid", 3)]]
            )
            #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
            #expect(try Self.lines(path + ".old").map { $0["data"]?["number"] } == [1])
            #expect(try Self.lines(path).map { $0["data"]?["number"] } == [2, 3])
            let listed = try await agent.call("endpoint.list")
            #expect(listed[at: "endpoints", "0", "path"]?.string == path)
            #expect(listed[at: "endpoints", "0", "kind"] == "file")
        }
    }

    @Test func `a command gets each submission, and what it refuses is a dead letter`() async throws {
        try await RunningAgent.with { agent in
            let path = agent.folder.path + "/seen"
            let line = "cat >> \(path); test \"$REEVE_TYPE\" != order.bad"
            let endpoint: JSON = [
                "name": "notify", "kind": "command", "command": ["/bin/sh", "-c", .string(line)],
                "filter": ["types": ["order.*"]], "retry": ["delay": "1ms", "limit": 2],
            ]
            try await agent.call("endpoint.put", ["endpoint": endpoint])
            let events: JSON = [Self.event("order.bad", 1), Self.event("order.paid", 2)]
            let receipts = try await agent.call("event.publish", ["events": events])
            #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
            #expect(try Self.lines(path).map { $0["data"]?["number"] } == [1, 1, 2])
            // What was done is written down a moment later.
            for await _ in try #require(agent.store).signals.changes(.deliveries) {
                if try await agent.call("endpoint.get", ["endpoint": "notify"])["deadLetters"] == 1 { break }
            }
            let bad = try await agent.call("event.get", ["event": receipts[at: "events", "0", "id"] ?? nil])
            #expect(bad[at: "endpoints", "0", "state"] == "dead")
            let good = try await agent.call("event.get", ["event": receipts[at: "events", "1", "id"] ?? nil])
            #expect(good[at: "endpoints", "0", "state"] == "delivered")
            #expect(try await agent.call("endpoint.get", ["endpoint": "notify"])["deadLetters"] == 1)
        }
    }

    @Test func `a webhook on a Unix socket gets a failed run with the last of its output`() async throws {
        let folder = try TemporaryFolder()
        try await WebhookReceiver.running(socketPath: folder.path + "/hook") { receiver in
            try await RunningAgent.with(folder: folder) { agent in
                let endpoint: JSON = [
                    "name": "chat", "kind": "webhook", "url": .string(receiver.url), "format": "text", "tail": true,
                    "filter": ["outcomes": ["failed"]],
                ]
                try await agent.call("endpoint.put", ["endpoint": endpoint])
                try await agent.put("backup", shell: "echo no space left >&2; exit 2")
                _ = try await agent.runToEnd("backup")
                #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                #expect(receiver.records.count == 1)
                let text = receiver.records.first?.request.event?["text"]?.string ?? ""
                #expect(text.hasPrefix("backup failed after "), "\(text)")
                #expect(text.hasSuffix(": exited with 2\n```\nno space left\n```"), "\(text)")
            }
        }
    }

    @Test func `what a test of an endpoint shows is by its kind`() async throws {
        try await RunningAgent.with { agent in
            let path = agent.folder.path + "/events.ndjson"
            let file: JSON = ["name": "log", "kind": "file", "path": .string(path)]
            let written = try await agent.call("endpoint.test", ["endpoint": file])
            #expect(written["delivered"] == true && written["status"] == JSON.null)
            #expect(try Self.lines(path).map { $0["type"] } == ["dev.reeve.endpoint.test"])
            let command: JSON = ["name": "c", "kind": "command", "command": ["/bin/sh", "-c", "echo no; exit 9"]]
            let refused = try await agent.call("endpoint.test", ["endpoint": command])
            #expect(refused["delivered"] == false && refused["body"] == "exited with 9: no")
            #expect(refused["curl"]?.string?.hasSuffix(" | '/bin/sh' '-c' 'echo no; exit 9'") == true)
        }
    }

    @Test func `what cannot be is refused when it is put, by the name of the field`() async throws {
        try await RunningAgent.with { agent in
            let bad: [(JSON, String)] = [
                (["name": "a", "kind": "file", "path": "/x", "url": "http://h/"], "/endpoint/url"),
                (
                    ["name": "a", "kind": "webhook", "url": "http://h/", "headers": ["user-agent": "x"]],
                    "/endpoint/headers/user-agent"
                ),
                (
                    ["name": "a", "kind": "webhook", "url": "http://h/", "headers": ["x-a": "1\n"]],
                    "/endpoint/headers/x-a"
                ),
                (
                    ["name": "a", "kind": "webhook", "url": "http://h/", "format": "template", "template": "{{a"],
                    "/endpoint/template"
                ),
                (["name": "a", "kind": "webhook", "url": "http://h/", "secret": "whsec_short"], "/endpoint/secret"),
            ]
            for (endpoint, path) in bad {
                let failure = try await agent.failure("endpoint.put", ["endpoint": endpoint])
                #expect(failure?.data?["path"]?.string == path, "\(endpoint)")
            }
            #expect(try await agent.call("endpoint.list")["endpoints"] == [])
        }
    }
}
