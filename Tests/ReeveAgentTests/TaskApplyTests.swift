import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// `task.apply`: tasks as one, with sets.
struct TaskApplyTests {
    private static func task(_ id: String, _ command: String = "/bin/true", _ more: JSONObject = [:]) -> JSON {
        .object(
            JSONObject(
                [.init(name: "id", value: .string(id)), .init(name: "command", value: [.string(command)])]
                    + more.members
            )
        )
    }

    private static func actions(_ answer: JSON) -> [String] {
        (answer["changes"]?.array ?? []).map { "\($0["task"]?.string ?? "") \($0["action"]?.string ?? "")" }
    }

    private static func ids(_ agent: RunningAgent) async throws -> [String] {
        try await agent.call("task.list")["tasks"]?.array?.compactMap { $0["id"]?.string } ?? []
    }

    @Test func `what is new, other and the same is told, with what is different`() async throws {
        try await RunningAgent.with { agent in
            let first = try await agent.call("task.apply", ["tasks": [Self.task("a"), Self.task("b"), Self.task("c")]])
            #expect(Self.actions(first) == ["a created", "b created", "c created"])
            let changed = Self.task("b", "/bin/true", ["timeout": "60s", "labels": ["team": "x"]])
            let again = try await agent.call(
                "task.apply",
                ["tasks": [Self.task("a"), changed, Self.task("d"), Self.task("c", "/bin/false")]]
            )
            #expect(Self.actions(again) == ["a same", "b changed", "d created", "c changed"])
            #expect(again["changes"]?.array?[1]["revision"] == 2)
            #expect(
                again["changes"]?.array?.map { $0["diff"] ?? .null } == [
                    [], [["path": "/timeout", "after": "1m"], ["path": "/labels", "after": ["team": "x"]]], [],
                    [["path": "/command/0", "before": "/bin/true", "after": "/bin/false"]],
                ]
            )
            // Nothing is removed that is not asked for.
            #expect(try await Self.ids(agent) == ["a", "b", "c", "d"])
        }
    }

    @Test func `pruning removes what the set had before, and nothing else`() async throws {
        try await RunningAgent.with { agent in
            try await agent.call("task.put", ["task": Self.task("by-hand")])
            try await agent.call("task.apply", ["tasks": [Self.task("x1"), Self.task("x2")], "set": "x"])
            try await agent.call("task.apply", ["tasks": [Self.task("y1")], "set": "y"])
            #expect(try await agent.call("task.get", ["task": "x1"])["set"] == "x")
            // It stays in its set when it is put alone, and one of none can be taken in.
            try await agent.call("task.put", ["task": Self.task("x2", "/bin/false")])
            try await agent.call("task.apply", ["tasks": [Self.task("by-hand")], "set": "x"])
            let pruned = try await agent.call("task.apply", ["tasks": [Self.task("x1")], "set": "x", "prune": true])
            #expect(Self.actions(pruned) == ["x1 same", "by-hand removed", "x2 removed"])
            #expect(try await Self.ids(agent) == ["x1", "y1"])
            // One that comes again belongs to no set.
            try await agent.call("task.put", ["task": Self.task("x2")])
            #expect(try await agent.call("task.get", ["task": "x2"])["set"] == nil)
            let emptied = try await agent.call("task.apply", ["tasks": [], "set": "x", "prune": true])
            #expect(Self.actions(emptied) == ["x1 removed"])
            let removed = try await agent.taskEvent("x1", "removed")
            #expect(removed[at: "data", "by"]?.string?.hasPrefix("uid:") == true)
        }
    }

    @Test func `a dry run says the same and changes nothing`() async throws {
        try await RunningAgent.with { agent in
            try await agent.call("task.apply", ["tasks": [Self.task("a"), Self.task("b")], "set": "x"])
            let last = try await agent.call("event.list", ["limit": 1000])["events"]?.array?.count
            let wanted: JSONObject = [
                "tasks": [Self.task("a", "/bin/false"), Self.task("c")], "set": "x", "prune": true,
            ]
            var dry = wanted
            dry["dryRun"] = true
            let said = try await agent.call("task.apply", .object(dry))
            #expect(try await Self.ids(agent) == ["a", "b"])
            #expect(try await agent.call("task.get", ["task": "a"])[at: "task", "revision"] == 1)
            #expect(try await agent.call("event.list", ["limit": 1000])["events"]?.array?.count == last)
            #expect(try await agent.call("task.apply", .object(wanted)) == said)
            #expect(Self.actions(said) == ["a changed", "c created", "b removed"])
        }
    }

    @Test(
        arguments: [
            (["tasks": [["id": "n"], ["id": "a", "command": ["x"], "timeout": "0s"]]], "/tasks/0", 2),
            (["tasks": [["id": "n", "command": ["x"]], ["id": "n", "command": ["y"]]]], "/tasks/1/id", 1),
            (
                ["tasks": [["id": "n", "command": ["x"]], ["id": "a", "command": ["x"], "revision": 1]]], "/tasks/1", 1
            ),
            (
                ["tasks": [["id": "n", "command": ["x"]], ["id": "a", "command": ["/bin/true"]]], "set": "y"],
                "/tasks/1", 1
            ),
            (
                ["tasks": [["id": "n", "command": ["x"], "schedule": ["at": "2020-01-01T00:00"]]]],
                "/tasks/0/schedule/at", 1
            ),
            (["tasks": [["id": "n", "command": ["x"]]], "prune": true], "/prune", 1),
            (["tasks": [["id": "n", "command": ["x"]]], "set": "a b"], "/set", 1),
            (["tasks": [["id": "n", "comand": ["x"]]]], "/tasks/0/comand", 1),
        ] as [(JSON, String, Int)]
    )
    func `if one cannot be put none is, and the error names it`(parameters: JSON, path: String, count: Int) async throws
    {
        try await RunningAgent.with { agent in
            try await agent.call("task.apply", ["tasks": [Self.task("a")], "set": "x"])
            let failure = try await agent.failure("task.apply", parameters)
            #expect(failure?.data?["path"] == .string(path))
            #expect((failure?.data?["problems"]?.array?.count ?? 1) == count)
            #expect(try await Self.ids(agent) == ["a"])
        }
    }

    @Test func `what is there already may be of a time that is over`() async throws {
        let clock = ManualWallClock(now: dropInTime)
        try await RunningAgent.with(wallClock: clock) { agent in
            let single = Self.task("single", "/bin/true", ["schedule": ["at": "2026-11-21T03:30:00"]])
            let parameters: JSON = ["tasks": [single], "set": "x", "prune": true]
            try await agent.call("task.apply", parameters)
            clock.advance(by: .minutes(60))
            _ = try await agent.taskEvent("single", "completed")
            #expect(Self.actions(try await agent.call("task.apply", parameters)) == ["single same"])
            // So it is for one that is put alone.
            #expect(try await agent.call("task.put", ["task": single])["changed"] == false)
            #expect(try await agent.call("task.check", ["task": single])["valid"] == false)
        }
    }

    @Test func `living runs of what is changed or pruned are ended, if it says so`() async throws {
        try await RunningAgent.with { agent in
            func sleeper(_ id: String, _ time: String) -> JSON {
                ["id": .string(id), "command": ["/bin/sleep", .string(time)], "onChange": "stop"]
            }
            let both: JSON = [sleeper("a", "1000"), sleeper("b", "1000")]
            try await agent.call("task.apply", ["tasks": both, "set": "x"])
            for id in ["a", "b"] { try await agent.call("task.run", ["task": .string(id)]) }
            try await agent.call("task.apply", ["tasks": [sleeper("a", "1001")], "set": "x", "prune": true])
            for id in ["a", "b"] {
                let run = try await agent.call("run.wait", ["run": .string("\(id)/1"), "deadline": "60s"])
                #expect(run[at: "run", "outcome"] == "canceled")
            }
        }
    }
}
