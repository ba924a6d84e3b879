import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// Groups of tasks share a limit of how many runs of theirs go on at once.
struct GroupTests {
    /// Says its name when it has begun, and waits until it is let go on.
    private static func put(_ name: String, group: String?, _ agent: RunningAgent, started: Fifo) async throws -> Fifo {
        let fifo = try Fifo(agent.folder.path + "/\(name)")
        let more: JSONObject = group.map { ["group": .string($0)] } ?? [:]
        try await agent.put(name, shell: "echo \(name) > \(started.path); read x < \(fifo.path)", more)
        return fifo
    }

    private static func group(_ agent: RunningAgent, _ name: String = "disk") async throws -> JSON? {
        try await agent.call("group.list")["groups"]?.array?.first { $0["name"]?.string == name }
    }

    @Test func `no more of a group run at once than it says, in the order in which they came, and others go past them`()
        async throws
    {
        try await RunningAgent.with({ $0.groups = ["disk": 1] }) { agent in
            let started = try Fifo(agent.folder.path + "/started")
            var fifos: [Fifo] = []
            for name in ["a", "b", "c"] {
                fifos.append(try await Self.put(name, group: "disk", agent, started: started))
                try await agent.call("task.run", ["task": .string(name)])
            }
            #expect(try await started.line() == "a")
            let free = try await Self.put("free", group: nil, agent, started: started)
            try await agent.call("task.run", ["task": "free"])
            #expect(try await started.line() == "free")
            let standing = try await Self.group(agent)
            #expect(standing?["limit"] == 1 && standing?["running"] == 1 && standing?["waiting"] == 2)
            #expect(standing?["source"] == "configuration")
            let why = try await agent.call("run.why", ["run": "b/1"])
            #expect(why["summary"] == "b/1 waits for a place in group disk: one run of it is going, 1 may at once")
            #expect(why[at: "waitingFor", "0", "group"] == "disk")
            for (index, next) in ["b", "c"].enumerated() {
                try await fifos[index].write()
                #expect(try await started.line() == next)
            }
            try await fifos[2].write()
            try await free.write()
            #expect(try await agent.waited("c/1")["outcome"] == "succeeded")
        }
    }

    @Test func `a limit that is put counts at once where it is higher, and as runs end where it is lower`() async throws
    {
        let folder = try TemporaryFolder()
        try await RunningAgent.with(folder: folder, { $0.groups = ["disk": 1] }) { agent in
            let started = try Fifo(folder.path + "/started")
            var fifos: [Fifo] = []
            for name in ["a", "b", "c"] {
                fifos.append(try await Self.put(name, group: "disk", agent, started: started))
                try await agent.call("task.run", ["task": .string(name)])
            }
            #expect(try await started.line() == "a")
            try await agent.call("group.put", ["group": ["name": "disk", "limit": 2]])
            #expect(try await started.line() == "b")
            try await agent.call("group.put", ["group": ["name": "disk", "limit": 0]])
            for fifo in fifos.prefix(2) { try await fifo.write() }
            for name in ["a/1", "b/1"] { #expect(try await agent.waited(name)["outcome"] == "succeeded") }
            #expect(try await agent.call("run.get", ["run": "c/1"])[at: "run", "status"] == "pending")
            try await agent.call("group.put", ["group": ["name": "disk"]])
            #expect(try await started.line() == "c")
            try await fifos[2].write()
            #expect(try await agent.waited("c/1")["outcome"] == "succeeded")
            try await agent.call("group.put", ["group": ["name": "disk", "limit": 3]])
        }
        // It counts more than the configuration, for the next agent too.
        try await RunningAgent.with(folder: folder, { $0.groups = ["disk": 1] }) { agent in
            let standing = try await Self.group(agent)
            #expect(standing?["limit"] == 3 && standing?["source"] == "rpc" && standing?["by"]?.string != nil)
            // And without a limit the configuration counts again.
            try await agent.call("group.put", ["group": ["name": "disk"]])
            let configured = try await Self.group(agent)
            #expect(configured?["limit"] == 1 && configured?["source"] == "configuration")
        }
    }

    @Test func `a run that waits for its group is missed when its time is over, and counts for its task`() async throws
    {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock, { $0.groups = ["disk": 0] }) { agent in
            let more: JSONObject = ["schedule": ["once": true], "group": "disk", "startBy": "1m"]
            try await agent.put("job", shell: "exit 0", more)
            try await agent.told("dev.reeve.run.pending", of: "job")
            clock.advance(by: .seconds(61))
            let run = try await agent.waited("job/1")
            #expect(run["outcome"] == "missed" && run["cause"] == "startBy")
            #expect(run["reason"] == "it waited for a place in group disk, longer than its startBy of 1m")
            try await agent.put("other", shell: "exit 0", ["group": "disk"])
            try await agent.call("task.run", ["task": "other"])
            let failure = try #require(try await agent.failure("task.run", ["task": "other"]))
            #expect(failure.kind == "invalidState")
        }
    }

    @Test func `a group is paused and resumed as one`() async throws {
        try await RunningAgent.with { agent in
            for (name, group) in [("a", "disk"), ("b", "disk"), ("c", "net")] {
                try await agent.put(name, shell: "exit 0", ["schedule": ["rate": "1h"], "group": .string(group)])
            }
            #expect(try await agent.call("task.pause", ["group": "disk"])["tasks"] == ["a", "b"])
            #expect(try await agent.call("task.get", ["task": "c"])["paused"] == nil)
            #expect(try await agent.call("task.resume", ["group": "disk"])["tasks"] == ["a", "b"])
        }
    }
}
