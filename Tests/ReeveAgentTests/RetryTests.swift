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
            try await fifo.write()
            let first = try await agent.waited("job/1")
            #expect(first["willRetry"] == .null)
            #expect(first["reason"]?.string?.contains("its next time comes before") == true)
            try await fifo.write()
            #expect(try await agent.waited("job/2")["willRetry"]?.string != nil)
            clock.advance(by: .minutes(2))
            try await fifo.write()
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

    // MARK: By hand

    @Test func `a run that did not succeed is tried again by hand: the same slot, by the task as it is now`()
        async throws
    {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock) { agent in
            try await agent.put("job", shell: "exit 1", ["schedule": ["rate": "1h"]])
            clock.advance(by: .hours(1))
            let failed = try await agent.waitedFor("job/1")
            // Neither a pause nor the run of a later slot is in its way.
            clock.advance(by: .hours(1))
            _ = try await agent.waitedFor("job/2")
            try await agent.put("job", shell: "test $REEVE_NUMBER = 3", ["schedule": ["rate": "1h"]])
            try await agent.call("task.pause", ["task": "job"])
            let answer = try await agent.call("run.retry", ["run": "job/1"])
            #expect(answer["number"] == 3)
            let retry = try await agent.waited("job/3")
            #expect(retry["outcome"] == "succeeded" && retry["id"] == answer["run"])
            #expect(retry["trigger"] == "retry" && retry["attempt"] == 2 && retry["retryOf"] == failed["id"])
            #expect(retry["due"] == failed["due"] && retry["due"] != nil && retry["revision"] == 2)
            #expect(retry["by"] == .string("uid:\(agent.uid)") && failed["by"] == nil)
            let origin = try await agent.call("run.why", ["run": "job/3"])["reasons"]?.array?.last?.string
            #expect(origin?.hasSuffix(", asked for by uid:\(agent.uid)") == true)
            let told = try await agent.call("event.list", ["lane": "task:job", "limit": 1000])["events"]?.array ?? []
            let types = told.filter { $0[at: "data", "number"] == 3 }.map { $0["type"] }
            #expect(types.first == "dev.reeve.run.pending" && types.last == "dev.reeve.run.succeeded")

            let succeeded = try #require(try await agent.failure("run.retry", ["run": "job/3"]))
            #expect(succeeded.kind == "invalidState")
            #expect(succeeded.data?["hint"] == "reeve run job runs the task once more")
            try await agent.call("task.remove", ["task": "job"])
            let removed = try #require(try await agent.failure("run.retry", ["run": "job/1"]))
            #expect(removed.kind == "notFound" && removed.data?["path"] == "/run")
        }
    }

    @Test func `it goes by what replaced parts of the task for that run`() async throws {
        try await RunningAgent.with { agent in
            let line = "test -e \(agent.folder.path)/there"
            try await agent.put("job", shell: "exit 0")
            try await agent.call("task.run", ["task": "job", "command": ["/bin/sh", "-c", .string(line)]])
            #expect(try await agent.waited("job/1")["outcome"] == "failed")
            try await agent.call("run.retry", ["run": "job/1"])
            #expect(try await agent.waited("job/2")["outcome"] == "failed")
            _ = try Fifo(agent.folder.path + "/there")
            try await agent.call("run.retry", ["run": "job/-1"])
            let third = try await agent.waited("job/3")
            #expect(third["outcome"] == "succeeded" && third["attempt"] == 3)
        }
    }

    @Test(arguments: ["job/1", "job/2"])
    func `a try that waits for its time begins at once, asked for by its own name or by that of its run`(name: JSON)
        async throws
    {
        try await RunningAgent.with { agent in
            let retry: JSON = ["limit": 1, "delay": "1h", "maximum": "1h"]
            try await agent.put("job", shell: Self.line(agent, untilRun: 2), ["retry": retry])
            let first = try await agent.runToEnd("job")
            let waiting = try await agent.call("run.get", ["run": "job/2"])[at: "run", "id"]
            let answer = try await agent.call("run.retry", ["run": name])
            #expect(answer["run"] == waiting && answer["number"] == 2)
            let second = try await agent.waited("job/2")
            #expect(second["outcome"] == "succeeded" && second["notBefore"] == nil && second["attempt"] == 2)
            #expect(second["by"] == .string("uid:\(agent.uid)") && second["retryOf"] == first["id"])
            let told = try await agent.call("event.list", ["type": "dev.reeve.run.pending", "lane": "task:job"])
            let pending = told["events"]?.array?.filter { $0[at: "data", "number"] == 2 } ?? []
            #expect(pending.map { $0[at: "data", "by"] } == [nil, second["by"]])
        }
    }

    @Test func `a run in the way refuses it as it refuses a run by hand, and one that lives is not tried again`()
        async throws
    {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "read x < \(fifo.path); exit $x")
            try await agent.call("task.run", ["task": "job"])
            let living = try #require(try await agent.failure("run.retry", ["run": "job/1"]))
            #expect(living.kind == "invalidState" && living.message.hasPrefix("run job/1 has not ended: it is "))
            #expect(living.data?["hint"] == "wait for it or stop it: reeve wait job/1, reeve stop job/1")
            try await fifo.write("1")
            _ = try await agent.waited("job/1")
            try await agent.call("run.retry", ["run": "job/1"])
            let inTheWay = try #require(try await agent.failure("run.retry", ["run": "job/1"]))
            #expect(inTheWay.kind == "invalidState" && inTheWay.message == "run job/2 of this task is still going")
            try await fifo.write("0")
            #expect(try await agent.waited("job/2")["outcome"] == "succeeded")
            #expect(try await agent.failure("run.retry", ["run": "job/9"])?.kind == "notFound")
        }
    }

    @Test func `what never ran is tried again too`() async throws {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock, { $0.groups = ["disk": 0] }) { agent in
            let more: JSONObject = ["schedule": ["once": true], "group": "disk", "startBy": "1m"]
            try await agent.put("job", shell: "exit 0", more)
            try await agent.told("dev.reeve.run.pending", of: "job")
            clock.advance(by: .minutes(2))
            let missed = try await agent.waited("job/1")
            #expect(missed["outcome"] == "missed")
            // Its slot is over, and it waits all the same.
            try await agent.call("run.retry", ["run": "job/1"])
            let why = try await agent.call("run.why", ["run": "job/2"])
            #expect(why["status"] == "pending" && why["deadline"] == nil)
            clock.advance(by: .hours(1))
            try await agent.call("group.put", ["group": ["name": "disk", "limit": 1]])
            let run = try await agent.waited("job/2")
            #expect(run["outcome"] == "succeeded" && run["due"] == missed["due"])
        }
    }
}

extension RunningAgent {
    /// Waits until there is the run, and until it has ended.
    fileprivate func waitedFor(_ run: String) async throws -> JSON {
        var after: JSON = 0
        while try await failure("run.get", ["run": .string(run)]) != nil {
            after = try await call("event.list", ["after": after, "wait": "60s"])["next"] ?? 0
        }
        return try await waited(run)
    }
}
