import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// Runs that failed are tried again, as runs of their own.
struct RetryTests {
    /// Fails until it has been run so often.
    private static func line(_ agent: RunningAgent, untilRun count: Int) -> String {
        "echo x >> \(agent.folder.path)/tries; test $(wc -l < \(agent.folder.path)/tries) -ge \(count) || exit 75"
    }

    @Test func `each try is a run, until one succeeds, and each says of which it is another`() async throws {
        try await RunningAgent.with { agent in
            let retry: JSON = ["limit": 5, "delay": "1ms"]
            try await agent.put("job", shell: Self.line(agent, untilRun: 3), ["retry": retry])
            let first = try await agent.runToEnd("job")
            #expect(first["outcome"] == "failed" && first["attempt"] == 1 && first["willRetry"]?.string != nil)
            let second = try await agent.waited("job/2")
            #expect(second["outcome"] == "failed" && second["trigger"] == "retry" && second["attempt"] == 2)
            #expect(second["retryOf"] == first["id"])
            let third = try await agent.waited("job/3")
            #expect(third["outcome"] == "succeeded" && third["attempt"] == 3 && third["willRetry"] == .null)
            let events = try await agent.call("event.list", ["lane": "task:job", "limit": 1000])["events"]?.array ?? []
            let failed = events.filter { $0["type"] == "dev.reeve.run.failed" }
            #expect(failed.count == 2 && failed.allSatisfy { $0[at: "data", "willRetry"]?.string != nil })
            #expect(failed.first?[at: "data", "summary"]?.string?.contains("; tried again in ") == true)
        }
    }

    @Test func `it is given up after so many, and is not tried again for what was not asked for`() async throws {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "exit 1", ["retry": ["limit": 2, "delay": "1ms"]])
            _ = try await agent.runToEnd("job")
            _ = try await agent.waited("job/2")
            let last = try await agent.waited("job/3")
            #expect(last["attempt"] == 3 && last["willRetry"] == .null)
            try await agent.put("other", shell: "exit 1", ["retry": ["delay": "1ms", "onExit": [75]]])
            #expect(try await agent.runToEnd("other")["willRetry"] == .null)
        }
    }

    @Test func `one that waits for its next try is seen, can be stopped, and goes on after a crash`() async throws {
        let folder = try TemporaryFolder()
        let id = try await RunningAgent.with(folder: folder) { agent in
            try await agent.put(
                "job",
                shell: Self.line(agent, untilRun: 9),
                ["retry": ["delay": "1h", "maximum": "1h"]]
            )
            _ = try await agent.runToEnd("job")
            let run = try await agent.call("run.get", ["run": "job/2"])["run"]
            #expect(run?["status"] == "pending" && run?["notBefore"]?.string != nil)
            let why = try await agent.call("run.why", ["run": "job/2"])
            #expect(why["summary"]?.string?.hasPrefix("job/2 is try number 2 and begins in ") == true)
            // It is in nobody's way.
            #expect(try await agent.runToEnd("job")["number"] == 3)
            return try #require(run?["id"])
        }
        try await RunningAgent.with(folder: folder) { agent in
            #expect(try await agent.call("run.get", ["run": id])[at: "run", "status"] == "pending")
            try await agent.call("run.stop", ["run": id])
            #expect(try await agent.waited("job/2")["outcome"] == "canceled")
            let last = try await agent.call("run.get", ["run": "job/4"])["run"]
            #expect(last?["retryOf"] == (try await agent.call("run.get", ["run": "job/3"]))[at: "run", "id"])
            try await agent.call("task.pause", ["task": "job"])
            try await agent.call("task.remove", ["task": "job"])
            #expect(try await agent.waited(try #require(last?["id"]?.string))["outcome"] == "canceled")
        }
    }

    @Test func `one that is asked to end does not come back`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            let line = "trap 'exit 1' TERM; echo up; read x < \(fifo.path)"
            try await agent.put("job", shell: line, ["retry": ["delay": "1ms"]])
            try await agent.call("task.run", ["task": "job"])
            try await agent.told("dev.reeve.run.running", of: "job")
            try await agent.call("run.stop", ["run": "job/1"])
            let run = try await agent.waited("job/1")
            #expect(run["outcome"] == "canceled" && run["willRetry"] == .null)
        }
    }

    @Test func `a slot that waits behind the run takes the place of another try`() async throws {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock) { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            let more: JSONObject = [
                "schedule": ["rate": "1s", "maxRuns": 2], "overlap": "queue", "missed": "all", "startBy": "1h",
                "retry": ["delay": "1m"],
            ]
            try await agent.put("job", shell: "read x < \(fifo.path); exit 1", more)
            clock.advance(by: .seconds(2))
            try await agent.told("dev.reeve.task.completed", of: "job")
            // Both are there, and the schedule has no further slot that could come before.
            try await fifo.open()
            let first = try await agent.waited("job/1")
            #expect(first["willRetry"] == .null)
            #expect(first["reason"]?.string?.contains("its next time comes before") == true)
            try await fifo.open()
            #expect(try await agent.waited("job/2")["willRetry"]?.string != nil)
            clock.advance(by: .minutes(2))
            try await fifo.open()
            #expect(try await agent.waited("job/3")["retryOf"]?.string != nil)
        }
    }

    @Test func `no other try is made where the next time comes before it`() async throws {
        try await RunningAgent.with { agent in
            let more: JSONObject = [
                "schedule": ["rate": "1h"], "retry": ["delay": "2h", "maximum": "2h"], "startBy": "1h",
            ]
            try await agent.put("job", shell: "exit 1", more)
            let run = try await agent.runToEnd("job")
            #expect(run["willRetry"] == .null)
            #expect(run["reason"]?.string?.hasSuffix("; not tried again, as its next time comes before") == true)
        }
    }
}
