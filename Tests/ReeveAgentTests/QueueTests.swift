import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// What waits for a place: in which order it begins, for how long it waits, and how many places there are.
struct QueueTests {
    /// Says its name when it has begun, and waits until it is let go on.
    private static func put(
        _ name: String,
        _ agent: RunningAgent,
        started: Fifo,
        _ more: JSONObject = [:]
    ) async throws -> Fifo {
        let fifo = try Fifo(agent.folder.path + "/\(name)")
        try await agent.put(name, shell: "echo \(name) > \(started.path); read x < \(fifo.path)", more)
        return fifo
    }

    private static func setLimit(_ limit: Int?, _ agent: RunningAgent) async throws {
        var group: JSONObject = ["name": "*"]
        group["limit"] = limit.map { .number(String($0)) }
        try await agent.call("group.put", ["group": .object(group)])
    }

    private static func all(_ agent: RunningAgent) async throws -> JSON? {
        try await agent.call("group.list")[at: "groups", "0"]
    }

    @Test func `of what waits the higher priority begins first, and why counts by the same order`() async throws {
        try await RunningAgent.with({ $0.concurrency = 1 }) { agent in
            let started = try Fifo(agent.folder.path + "/started")
            var fifos: [String: Fifo] = [:]
            for (name, priority) in [("a", 0), ("low", -1), ("b", 0), ("high", 5)] as [(String, JSON)] {
                fifos[name] = try await Self.put(name, agent, started: started, ["priority": priority])
                try await agent.call("task.run", ["task": .string(name)])
            }
            #expect(try await agent.call("task.get", ["task": "high"])[at: "task", "priority"] == 5)
            #expect(try await started.line() == "a")
            for (name, ahead) in [("high", 0), ("b", 1), ("low", 2)] as [(String, JSON)] {
                #expect(try await agent.call("run.why", ["run": .string(name + "/1")])["ahead"] == ahead)
            }
            let live = try await agent.call("run.list", ["live": true, "limit": 3])
            #expect(live["runs"]?.array?.map { $0["task"] } == ["high", "b", "low"])
            let rest = try await agent.call("run.list", ["live": true, "after": live["next"] ?? .null])
            #expect(rest["runs"]?.array?.map { $0["task"] } == ["a"] && rest["next"] == .null)
            for (name, next) in [("a", "high"), ("high", "b"), ("b", "low")] {
                try await fifos[name]?.write()
                #expect(try await started.line() == next)
            }
            try await fifos["low"]?.write()
            #expect(try await agent.waited("low/1")["outcome"] == "succeeded")
        }
    }

    @Test func `a run that waits for a place for too long is missed, while all places are taken`() async throws {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock, { $0.concurrency = 1 }) { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let fifo = try await Self.put("first", agent, started: started)
            try await agent.call("task.run", ["task": "first"])
            #expect(try await started.line() == "first")
            try await agent.put("job", shell: "exit 0", ["queueTimeout": "5m"])
            try await agent.call("task.run", ["task": "job"])
            let why = try await agent.call("run.why", ["run": "job/1"])
            let end = try #require(try await agent.call("run.get", ["run": "job/1"])[at: "run", "notAfter"])
            #expect(why["deadline"] == end && why["summary"]?.string?.hasSuffix(": it is missed then") == true)
            clock.advance(by: .minutes(5))
            let run = try await agent.waited("job/1")
            #expect(run["outcome"] == "missed" && run["cause"] == "queueTimeout" && run["startedAt"] == nil)
            #expect(run["reason"] == "it waited for a free place, longer than its queueTimeout of 5m")
            let told = try await agent.call("event.list", ["type": "dev.reeve.run.missed", "lane": "task:job"])
            #expect(told["events"]?.array?.count == 1)
            let after = try await agent.call("task.why", ["task": "job"])["reasons"]?.array?.compactMap(\.string) ?? []
            #expect(after.contains { $0.hasSuffix("it waited for a free place, longer than its queueTimeout of 5m") })
            try await fifo.write()
            #expect(try await agent.waited("first/1")["outcome"] == "succeeded")
            #expect(try await agent.runToEnd("job")["outcome"] == "succeeded")
        }
    }

    @Test func `so is one that waits for another of its task, and one whose time was over while no agent was there`()
        async throws
    {
        let clock = ManualWallClock()
        let folder = try TemporaryFolder()
        try await RunningAgent.with(folder: folder, wallClock: clock) { agent in
            let started = try Fifo(folder.path + "/started")
            let fifo = try await Self.put("job", agent, started: started, ["overlap": "queue", "queueTimeout": "5m"])
            for _ in 1...2 { try await agent.call("task.run", ["task": "job"]) }
            #expect(try await started.line() == "job")
            clock.advance(by: .minutes(6))
            let run = try await agent.waited("job/2")
            #expect(run["outcome"] == "missed")
            #expect(run["reason"] == "it waited for run job/1 to end, longer than its queueTimeout of 5m")
            try await fifo.write()
            _ = try await agent.waited("job/1")
            try await Self.setLimit(0, agent)
            try await agent.call("task.run", ["task": "job"])
        }
        clock.advance(by: .hours(1))
        try await RunningAgent.with(folder: folder, wallClock: clock) { agent in
            let run = try await agent.waited("job/3")
            #expect(run["outcome"] == "missed" && run["cause"] == "queueTimeout")
        }
    }

    @Test func `the limit of all runs is changed while they go on, and outlasts the agent`() async throws {
        let folder = try TemporaryFolder()
        try await RunningAgent.with(folder: folder, { $0.concurrency = 1 }) { agent in
            let started = try Fifo(folder.path + "/started")
            var fifos: [Fifo] = []
            for name in ["a", "b", "c"] {
                fifos.append(try await Self.put(name, agent, started: started))
                try await agent.call("task.run", ["task": .string(name)])
            }
            #expect(try await started.line() == "a")
            let configured = try await Self.all(agent)
            #expect(configured?["name"] == "*" && configured?["limit"] == 1 && configured?["source"] == "configuration")
            #expect(configured?["running"] == 1 && configured?["waiting"] == 2 && configured?["by"] == nil)
            try await Self.setLimit(2, agent)
            #expect(try await started.line() == "b")
            let why = try await agent.call("run.why", ["run": "c/1"])
            #expect(why["summary"] == "c/1 waits for a free place: 2 runs are going, no more than 2 may at once")
            #expect(why[at: "waitingFor", "0", "places"] == 2)
            try await Self.setLimit(0, agent)
            for fifo in fifos.prefix(2) { try await fifo.write() }
            for name in ["a/1", "b/1"] { #expect(try await agent.waited(name)["outcome"] == "succeeded") }
            let none = try await agent.call("run.why", ["run": "c/1"])["reasons"]
            #expect(none?.array?.first == "c/1 waits for a free place: none may begin")
            #expect(none?.array?[1].string?.contains("reeve group set --all --limit N") == true)
            try await agent.call("run.stop", ["run": "c/1"])
        }
        try await RunningAgent.with(folder: folder, { $0.concurrency = 1 }) { agent in
            let put = try await Self.all(agent)
            #expect(put?["limit"] == 0 && put?["source"] == "rpc" && put?["by"] == .string("uid:\(agent.uid)"))
            try await agent.put("other", shell: "exit 0")
            try await agent.call("task.run", ["task": "other"])
            #expect(try await agent.call("run.get", ["run": "other/1"])[at: "run", "status"] == "pending")
            try await Self.setLimit(nil, agent)
            #expect(try await agent.waited("other/1")["outcome"] == "succeeded")
            #expect(try await Self.all(agent)?["source"] == "configuration")
        }
    }

    @Test(
        arguments: [
            (["name": "*", "limit": -1], "/group/limit"), (["name": "*", "limit": 10_001], "/group/limit"),
            (["name": "**"], "/group/name"),
        ] as [(JSON, String)]
    )
    func `a limit that cannot be is refused by its place`(group: JSON, path: String) async throws {
        try await RunningAgent.with { agent in
            let failure = try await agent.failure("group.put", ["group": group])
            #expect(failure?.data?["path"]?.string == path)
        }
    }
}
