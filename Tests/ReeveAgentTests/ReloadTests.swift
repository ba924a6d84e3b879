import Glibc
import JSON
import JSONRPC
import NIOConcurrencyHelpers
import ReeveProtocol
import ReeveStore
import TestSupport
import Testing

@testable import ReeveAgent

/// `agent.reload` in a running agent.
@Suite(.timeLimit(.minutes(5)))
struct ReloadTests {
    /// What stands in the file: a test changes it, and the agent reads it.
    private final class File: Sendable {
        let text = NIOLockedValueBox("{}")
        let levels = NIOLockedValueBox<[String?]>([])

        func write(_ text: String) { self.text.withLockedValue { $0 = text } }

        func source(_ beginning: Configuration) -> ConfigurationSource {
            ConfigurationSource(
                read: { [self] in
                    var configuration = beginning
                    configuration.apply(try ConfigurationFile(text: text.withLockedValue { $0 }, file: "/f"))
                    return (configuration, "/f")
                },
                taken: { [self] taken in levels.withLockedValue { $0.append(taken.logLevel) } }
            )
        }
    }
    private func with(_ file: File, _ body: @escaping @Sendable (RunningAgent) async throws -> Void) async throws {
        try await RunningAgent.with({ _ in }, source: file.source, body)
    }

    /// The keys that an answer, or an event, says.
    private static func keys(_ answer: JSON, _ name: String) -> [String] {
        (answer[name]?.array ?? []).compactMap { $0["key"]?.string ?? $0.string }
    }

    @Test func `limits count at once, and the run that goes on goes on`() async throws {
        let file = File()
        file.write("{runner: {concurrency: 1}, groups: {disk: {limit: 1}}}")
        try await with(file) { agent in
            try await agent.call("agent.reload")
            let started = try Fifo(agent.folder.path + "/started")
            var fifos: [Fifo] = []
            for name in ["a", "b"] {
                let fifo = try Fifo(agent.folder.path + "/\(name)")
                let line = "echo \(name) $$ > \(started.path); read x < \(fifo.path); echo $$ > \(started.path)"
                try await agent.put(name, shell: line, ["group": "disk"])
                try await agent.call("task.run", ["task": .string(name)])
                fifos.append(fifo)
            }
            let first = try await started.line().split(separator: " ")
            #expect(first.first == "a")
            file.write("{runner: {concurrency: 5}, groups: {disk: {limit: 2}}}")
            let answer = try await agent.call("agent.reload")
            #expect(answer["file"] == "/f" && answer["needsRestart"] == [])
            #expect(Self.keys(answer, "changed") == ["/runner/concurrency", "/groups"])
            #expect(answer[at: "changed", "0", "from"] == 1 && answer[at: "changed", "0", "to"] == 5)
            // The second has waited for a place, and has one now beside the first.
            #expect(try await started.line().hasPrefix("b "))
            let groups = try await agent.call("group.list")["groups"]?.array
            #expect(groups?.map { $0["limit"] } == [5, 2])
            try await fifos[0].write()
            #expect(try await started.line() == first.last.map(String.init))
            try await fifos[1].write()
            _ = try await started.line()
            for run in ["a/1", "b/1"] { #expect(try await agent.waited(run)["outcome"] == "succeeded") }
        }
    }

    @Test func `endpoints come and go, and it is told who read what`() async throws {
        let file = File()
        try await with(file) { agent in
            let path = agent.folder.path
            file.write("endpoints: [{name: a, kind: file, path: \(path)/a}, {name: b, kind: file, path: \(path)/b}]")
            let trial = try await agent.call("agent.reload", ["dryRun": true])
            #expect(Self.keys(trial, "changed") == ["/endpoints/a", "/endpoints/b"])
            #expect(try await agent.call("endpoint.list")["endpoints"] == [])
            #expect(try await agent.call("agent.reload") == trial)
            file.write("{endpoints: [{name: b, kind: file, path: \(path)/b}], limits: {depth: 32}}")
            let answer = try await agent.call("agent.reload")
            #expect(Self.keys(answer, "changed") == ["/endpoints/a"])
            #expect(answer[at: "changed", "0", "change"] == "removed")
            #expect(Self.keys(answer, "needsRestart") == ["/limits/depth"])
            let left = try await agent.call("endpoint.list")["endpoints"]?.array
            #expect(left?.map { $0["name"] } == ["b"] && left?.first?["source"] == "configuration")
            // It is still to come, and nothing else.
            let again = try await agent.call("agent.reload")
            #expect(again["changed"] == [] && Self.keys(again, "needsRestart") == ["/limits/depth"])
            let events = try await agent.call("event.list", ["type": "dev.reeve.agent.reloaded"])["events"]?.array ?? []
            #expect(events.map { Self.keys($0["data"] ?? nil, "changed") }.first == ["/endpoints/a", "/endpoints/b"])
            let told = try #require(events.dropFirst().first?["data"])
            #expect(Self.keys(told, "changed") == ["/endpoints/a"])
            #expect(Self.keys(told, "needsRestart") == ["/limits/depth"])
            #expect(told["by"] == .string("uid:\(agent.uid)"))
            let summary = told["summary"]?.string ?? ""
            #expect(summary.hasPrefix("the configuration was read again: /endpoints/a (removed"), "\(summary)")
            #expect(summary.hasSuffix("; after a restart /limits/depth"), "\(summary)")
        }
    }

    @Test func `a bad file changes nothing, and each thing that is wrong is said`() async throws {
        let file = File()
        try await with(file) { agent in
            file.write(
                """
                runner: {concurrency: 0}
                log: {level: debug}
                endpoints: [{name: a, kind: file, path: \(agent.folder.path)/a}, {name: b, kind: webhook, url: nowhere}]
                """
            )
            let failure = try #require(try await agent.failure("agent.reload"))
            #expect(failure.kind == "invalidState")
            let problems = failure.data?["problems"]?.array?.compactMap(\.string) ?? []
            #expect(problems.count == 2 && problems.first?.hasPrefix("/f:1:") == true, "\(problems)")
            #expect(problems.last?.hasPrefix("/f:3:") == true, "\(problems)")
            #expect(file.levels.withLockedValue { $0 } == [])
            #expect(try await agent.call("endpoint.list")["endpoints"] == [])
            file.write("log: {level: debug}")
            #expect(Self.keys(try await agent.call("agent.reload"), "changed") == ["/log/level"])
            #expect(file.levels.withLockedValue { $0 } == ["debug"])
            file.write("{}")
            let back = try await agent.call("agent.reload")
            #expect(back[at: "changed", "0", "to"] == .null && file.levels.withLockedValue { $0 } == ["debug", nil])
        }
    }

    @Test func `what counts for output and attachments counts for what is put or begins after it`() async throws {
        let file = File()
        try await with(file) { agent in
            let folder = agent.folder.path + "/files"
            mkdir(folder, 0o755)
            file.write("runner: {attachments: {folders: [/nowhere]}, output: {perRun: 64KiB, total: 2MiB}}")
            try await agent.call("agent.reload")
            #expect(try await agent.call("agent.status")[at: "output", "limit"] == 2_097_152)
            let task: JSON = [
                "id": "t", "command": ["/bin/true"],
                "attachments": [["path": .string(folder + "/a"), "content": "x"]],
            ]
            #expect(try await agent.failure("task.put", ["task": task])?.data?["path"] == "/task/attachments/0/path")
            file.write("runner: {attachments: {folders: [\(folder)]}, output: {perRun: 64KiB}}")
            try await agent.call("agent.reload")
            try await agent.call("task.put", ["task": task])
            #expect(try await agent.runToEnd("t")["outcome"] == "succeeded")
            try await agent.put("writer", shell: "head -c 100000 /dev/zero")
            let run = try await agent.runToEnd("writer")
            let kept = run[at: "steps", "0", "output"]
            #expect(kept?["bytes"] == 100_000 && (kept?["dropped"]?.integer ?? 0) > 0, "\(run)")
        }
    }
    @Test func `what somebody else has put stays theirs, and what goes with an endpoint is said before`() async throws {
        let file = File()
        try await with(file) { agent in
            let path = agent.folder.path
            let own: JSON = ["name": "team", "kind": "file", "path": .string(path + "/team")]
            try await agent.call("endpoint.put", ["endpoint": own])
            file.write("endpoints: [{name: team, kind: file, path: \(path)/other}]")
            for parameters in [["dryRun": true], [:]] as [JSON] {
                let failure = try #require(try await agent.failure("agent.reload", parameters))
                #expect(failure.kind == "conflict" && failure.data?["owner"] == "rpc", "\(failure)")
            }
            #expect(try await agent.call("endpoint.list")[at: "endpoints", "0", "source"] == "rpc")
            file.write("endpoints: [{name: q, kind: queue}]")
            try await agent.call("agent.reload")
            let events: JSON = [["type": "com.example.a"], ["type": "com.example.b"]]
            try await agent.call("event.publish", ["events": events])
            file.write("{}")
            let trial = try await agent.call("agent.reload", ["dryRun": true])
            // The two, and that the configuration was read.
            #expect(
                trial["changed"] == [["key": "/endpoints/q", "change": "removed", "undelivered": 3]],
                "\(trial.text)"
            )
            #expect(try await agent.call("agent.reload")["changed"] == trial["changed"])
            let told = try await agent.call("event.list", ["type": "dev.reeve.agent.reloaded"])["events"]?.array?.last
            #expect(
                told?[at: "data", "summary"]
                    == "the configuration was read again: /endpoints/q (removed, with 3 undelivered changes)"
            )
        }
    }
    @Test func `what could not be put at the start is put by a reload when it can be`() async throws {
        let folder = try TemporaryFolder()
        _ = try await RunningAgent.with(folder: folder) { agent in
            try await agent.call("endpoint.put", ["endpoint": ["name": "q", "kind": "queue"]])
        }
        let file = File()
        file.write("endpoints: [{name: q, kind: queue}]")
        let queue = EndpointDefinition(name: "q", kind: .queue)
        try await RunningAgent.with(folder: folder, { $0.endpoints = [queue] }, source: file.source) { agent in
            #expect(try await agent.failure("agent.reload")?.kind == "conflict")
            try await agent.call("endpoint.remove", ["endpoint": "q"])
            let answer = try await agent.call("agent.reload")
            #expect(answer["changed"] == [["key": "/endpoints/q", "change": "added"]], "\(answer.text)")
            #expect(try await agent.call("endpoint.list")[at: "endpoints", "0", "source"] == "configuration")
        }
    }
}
