import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// When a run may begin, and what keeps it from that.
struct AdmissionTests {
    @Test func `with overlap queue the second run waits for the first`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "read line < \(fifo.path); echo $line", ["overlap": "queue"])
            try await agent.call("task.run", ["task": "job"])
            try await agent.call("task.run", ["task": "job"])
            try await fifo.write("first")
            #expect(try await agent.waited("job/1")["outcome"] == "succeeded")
            try await fifo.write("second")
            let second = try await agent.waited("job/2")
            #expect(second["outcome"] == "succeeded")
            let end = try #require(try await agent.waited("job/1")["stoppedAt"]?.string.flatMap { Timestamp($0) })
            let start = try #require(second["startedAt"]?.string.flatMap { Timestamp($0) })
            #expect(start >= end)
            #expect(try await agent.call("run.output", ["run": "job/2"])["data"] == "second\n")
        }
    }

    @Test func `runs that are asked for at once begin one after another in their order, where overlap is queue`()
        async throws
    {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "exit 0", ["overlap": "queue"])
            for _ in 0..<12 { try await agent.call("task.run", ["task": "job"]) }
            var last = Timestamp(seconds: 0)
            for number in 1...12 {
                let run = try await agent.waited("job/\(number)")
                let start = try #require(run["startedAt"]?.string.flatMap { Timestamp($0) })
                #expect(start >= last, "run \(number)")
                last = try #require(run["stoppedAt"]?.string.flatMap { Timestamp($0) })
                #expect(last >= start)
            }
        }
    }

    @Test func `more runs at once than the history keeps all come to their end`() async throws {
        try await RunningAgent.with({ $0.historyPerTask = 5 }) { agent in
            try await agent.put("job", shell: "exit 0", ["overlap": "allow"])
            let changes = try await agent.client.subscribe("event.subscribe", ["lane": "task:job"])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<250 {
                    group.addTask { _ = try await agent.call("task.run", ["task": "job"]) }
                }
                var succeeded = 0
                for try await message in changes {
                    guard case .item(let event, _) = message else { continue }
                    if event["type"] == "dev.reeve.run.succeeded" { succeeded += 1 }
                    if succeeded == 250 { break }
                }
                #expect(succeeded == 250)
                try await group.waitForAll()
            }
        }
    }

    @Test func `with overlap replace the first run is stopped for the second`() async throws {
        try await RunningAgent.with { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let fifo = try Fifo(agent.folder.path + "/wait")
            let line = "echo $REEVE_NUMBER > \(started.path); read line < \(fifo.path)"
            try await agent.put("job", shell: line, ["overlap": "replace"])
            try await agent.call("task.run", ["task": "job"])
            #expect(try await started.line() == "1")
            try await agent.call("task.run", ["task": "job"])
            #expect(try await started.line() == "2")
            #expect(try await agent.waited("job/1")["outcome"] == "canceled")
            try await fifo.write()
            #expect(try await agent.waited("job/2")["outcome"] == "succeeded")
        }
    }

    @Test func `with overlap allow both run at once`() async throws {
        try await RunningAgent.with { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let fifo = try Fifo(agent.folder.path + "/wait")
            let line = "echo $REEVE_NUMBER > \(started.path); read line < \(fifo.path)"
            try await agent.put("job", shell: line, ["overlap": "allow"])
            for number in ["1", "2"] {
                try await agent.call("task.run", ["task": "job"])
                #expect(try await started.line() == number)
            }
            #expect(try await agent.call("task.get", ["task": "job"])["running"]?.array?.count == 2)
            try await agent.call("run.stop", ["run": "job/1"])
            try await agent.call("run.stop", ["run": "job/2"])
            #expect(try await agent.waited("job/1")["outcome"] == "canceled")
            #expect(try await agent.waited("job/2")["outcome"] == "canceled")
        }
    }

    @Test func `with a bound on overlap so many run at once, one more is skipped, and refused by hand`() async throws {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock) { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let line = "echo $REEVE_NUMBER > \(started.path); exec sleep 1000"
            let more: JSONObject = ["overlap": "allow(2)", "schedule": ["rate": "1h"]]
            try await agent.put("job", shell: line, more)
            #expect(try await agent.call("task.get", ["task": "job"])[at: "task", "overlap"] == "allow(2)")
            for number in ["1", "2"] {
                try await agent.call("task.run", ["task": "job"])
                #expect(try await started.line() == number)
            }
            let failure = try #require(try await agent.failure("task.run", ["task": "job"]))
            #expect(failure.kind == "invalidState" && failure.data?["reason"] == "overlap is allow(2)")
            clock.advance(by: .hours(1))
            try await agent.told("dev.reeve.run.skipped", of: "job")
            let skipped = try await agent.waited("job/3")
            #expect(skipped["outcome"] == "skipped" && skipped["cause"] == "overlap")
            #expect(skipped["reason"]?.string?.hasPrefix("2 runs were still going") == true)
            for run in ["job/1", "job/2"] { try await agent.call("run.stop", ["run": .string(run)]) }
        }
    }

    @Test func `no more run at once than the configuration says, and who was stopped meanwhile never begins`()
        async throws
    {
        try await RunningAgent.with({ $0.concurrency = 1 }) { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("first", shell: "echo > \(started.path); read line < \(fifo.path)")
            for name in ["second", "third"] { try await agent.put(name, shell: "exit 0") }
            try await agent.call("task.run", ["task": "first"])
            _ = try await started.line()
            try await agent.call("task.run", ["task": "second"])
            try await agent.call("task.run", ["task": "third"])
            #expect(try await agent.call("run.get", ["run": "second/1"])[at: "run", "status"] == "pending")
            try await agent.call("run.stop", ["run": "second/1"])
            let second = try await agent.waited("second/1")
            #expect(second["outcome"] == "canceled" && second["startedAt"] == nil)
            try await fifo.write()
            #expect(try await agent.waited("third/1")["outcome"] == "succeeded")
        }
    }

    @Test func `a pause ends by itself, and is told at both ends`() async throws {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "exit 0", ["schedule": ["rate": "1h"]])
            let changes = try await agent.client.subscribe("event.subscribe", ["lane": "task:job"])
            try await agent.call("task.pause", ["task": "job", "for": "50ms", "reason": "a moment"])
            var types: [String?] = []
            for try await message in changes {
                guard case .item(let event, _) = message else { continue }
                types.append(event["type"]?.string)
                if types.count == 2 { break }
            }
            #expect(types == ["dev.reeve.task.paused", "dev.reeve.task.resumed"])
            #expect(try await agent.call("task.get", ["task": "job"])["paused"] == nil)
        }
    }

    @Test func `a task that is due once runs once`() async throws {
        try await RunningAgent.with { agent in
            let changes = try await agent.client.subscribe("event.subscribe", ["lane": "task:job"])
            // On a busy machine it is late rather than missed.
            try await agent.put("job", shell: "exit 0", ["schedule": ["once": true], "startBy": "1h"])
            for try await message in changes {
                guard case .item(let event, _) = message, event["type"] == "dev.reeve.run.succeeded" else { continue }
                // On a busy machine it may be so late that it is made up for.
                #expect(["schedule", "catchUp"].contains(event[at: "data", "trigger"]))
                #expect(event[at: "data", "number"] == 1)
                break
            }
            let task = try await agent.call("task.get", ["task": "job"])
            #expect(task["next"] == .null && task[at: "last", "number"] == 1)
        }
    }
}
