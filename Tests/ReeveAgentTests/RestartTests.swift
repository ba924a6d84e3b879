import Glibc
import JSON
import JSONRPC
import ReeveEngine
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// A part of the agent that restarts ends no user's process, and nothing that was acknowledged is lost.
struct RestartTests {
    @Test(arguments: ["store", "runner", "scheduler", "submitter", "socket"])
    func `a run goes on in the same process while a part restarts`(part: String) async throws {
        try await RunningAgent.with { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let wait = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "echo $$ > \(started.path); read line < \(wait.path); echo $line")
            let id = try await agent.call("task.run", ["task": "job"])["run"] ?? nil
            let pid = try await started.line()
            try await agent.told("dev.reeve.run.running", of: "job")
            let starts = agent.agent.engine.snapshot()[part]?.starts ?? 0
            try await agent.call("engine.restart", ["name": .string(part)])
            try await agent.restarted(part, past: starts)
            // What was acknowledged is there.
            let client = try await RPCClient.connect(unixSocket: agent.socketPath)
            let run = try await client.call("run.get", ["run": "job/1"])
            #expect(run[at: "run", "id"] == id)
            #expect(run[at: "run", "status"] == "running")
            #expect(run[at: "run", "steps", "0", "pid"]?.integer.map(String.init) == pid)
            #expect(kill(pid_t(pid) ?? 0, 0) == 0)
            try await wait.write("still here")
            let ended = try await client.call("run.wait", ["run": "job/1", "deadline": "60s"])
            #expect(ended[at: "run", "outcome"] == "succeeded")
            #expect(ended[at: "run", "steps", "0", "pid"]?.integer.map(String.init) == pid)
            #expect(try await client.call("run.output", ["run": "job/1"])["data"] == "still here\n")
            await client.close()
        }
    }

    @Test func `the steps of a run share one room for output over a restart of the runner`() async throws {
        try await RunningAgent.with({ $0.outputPerRun = .kibibytes(160) }) { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let wait = try Fifo(agent.folder.path + "/wait")
            let write = "head -c 100000 /dev/zero"
            let steps: JSON = [
                ["name": "a", "script": .string("\(write); echo a > \(started.path); read line < \(wait.path)")],
                ["name": "b", "script": .string(write), "requires": ["a"]],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": steps]])
            try await agent.call("task.run", ["task": "job"])
            _ = try await started.line()
            try await agent.told("dev.reeve.run.running", of: "job")
            let starts = agent.agent.engine.snapshot()["runner"]?.starts ?? 0
            try await agent.call("engine.restart", ["name": "runner"])
            try await agent.restarted("runner", past: starts)
            try await wait.write()
            let run = try await agent.waited("job/1")
            let kept = run["steps"]?.array?.compactMap { step in
                step[at: "output", "bytes"]?.integer.map { $0 - (step[at: "output", "dropped"]?.integer ?? 0) }
            }
            #expect(run["outcome"] == "succeeded" && kept?.count == 2)
            #expect((100_000...160 << 10).contains(kept?.reduce(0, +) ?? 0), "\(kept ?? [])")
        }
    }

    @Test func `a process that ends while the store is away is told when it is back`() async throws {
        try await RunningAgent.with { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let wait = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "echo $$ > \(started.path); read line < \(wait.path); exit 5")
            try await agent.call("task.run", ["task": "job"])
            _ = try await started.line()
            let engine = agent.agent.engine
            try engine.stop("store")
            try await engine.stopped(["store"])
            let failure = try #require(try await agent.failure("run.get", ["run": "job/1"]))
            #expect(failure.kind == "unavailable" && failure.code == 5)
            #expect(failure.data?["retryAfter"] == "1s")
            #expect(try await agent.call("agent.status")["ready"] == false)
            try await wait.write()
            try engine.start("store")
            try await engine.started(Set(Readiness.parts))
            let run = try await agent.waited("job/1")
            #expect(run["outcome"] == "failed" && run[at: "steps", "0", "exitCode"] == 5)
        }
    }

    @Test func `events that were acknowledged are all there after the store restarted`() async throws {
        try await RunningAgent.with { agent in
            var acknowledged: [JSON?] = []
            for number in 1...60 {
                if number % 20 == 0 { try await agent.call("engine.restart", ["name": "store"]) }
                let event: JSON = ["type": "a", "id": .string("\(number)")]
                let answer = try await agent.callWhenBack("event.publish", ["events": [event]])
                acknowledged.append(answer[at: "events", "0", "id"])
            }
            let listed = try await agent.callWhenBack("event.list", ["type": "a", "limit": 1000])["events"]?.array
            #expect(listed?.map { $0["id"] } == acknowledged)
        }
    }

    @Test func `a connection that is made while the socket is away just waits`() async throws {
        try await RunningAgent.with { agent in
            let engine = agent.agent.engine
            try engine.stop("socket")
            try await engine.stopped(["socket"])
            let connection = try RawConnection(agent.socketPath)
            try connection.send(#"{"jsonrpc":"2.0","id":1,"method":"agent.ping"}"# + "\n")
            try engine.start("socket")
            #expect(try await connection.answer()?[at: "result", "time"] != nil)
            await #expect(throws: (any Error).self) { try await agent.call("agent.ping") }
        }
    }

    @Test func `a webhook gets everything in order, though submitter and store restart meanwhile`() async throws {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with { agent in
                let endpoint: JSON = ["name": "ops", "kind": "webhook", "url": .string(receiver.url)]
                try await agent.call("endpoint.put", ["endpoint": endpoint])
                for number in 1...40 {
                    if number == 15 { try await agent.call("engine.restart", ["name": "submitter"]) }
                    if number == 30 { try await agent.call("engine.restart", ["name": "store"]) }
                    let event: JSON = ["type": "a", "id": .string("\(number)"), "subject": .string("s\(number % 3)")]
                    _ = try await agent.callWhenBack("event.publish", ["events": [event]])
                }
                let flushed = try await agent.callWhenBack("agent.flush", ["deadline": "60s"])
                #expect(flushed["delivered"] == true)
                let check = WebhookReceiver.Check(receiver.records, .mayRepeatDelivered)
                #expect(check.problems == [])
                let lanes = check.lanes.filter { $0.key.hasPrefix("event:") }
                #expect(lanes.values.map(\.count).reduce(0, +) == 40)
            }
        }
    }

    @Test func `what was there is there after the agent was ended and started again`() async throws {
        let folder = try TemporaryFolder()
        try await RunningAgent.with(folder: folder) { agent in
            try await agent.put("job", shell: "echo kept")
            _ = try await agent.runToEnd("job")
        }
        try await RunningAgent.with(folder: folder) { agent in
            #expect(try await agent.call("run.output", ["run": "job/-1"])["data"] == "kept\n")
            #expect(try await agent.runToEnd("job")["number"] == 2)
            let types = try await agent.call("event.list", ["lane": "agent"])["events"]?.array?.map {
                $0["type"]?.string
            }
            let expected = ["dev.reeve.agent.started", "dev.reeve.agent.stopping", "dev.reeve.agent.started"]
            #expect(types == expected)
        }
    }

    @Test func `a run that the agent's end finds is canceled, and told so`() async throws {
        let folder = try TemporaryFolder()
        try await RunningAgent.with(folder: folder) { agent in
            let started = try Fifo(folder.path + "/started")
            let wait = try Fifo(folder.path + "/wait")
            try await agent.put("job", shell: "echo $$ > \(started.path); read line < \(wait.path)")
            try await agent.call("task.run", ["task": "job"])
            _ = try await started.line()
        }
        try await RunningAgent.with(folder: folder) { agent in
            let run = try await agent.call("run.get", ["run": "job/1"])["run"]
            #expect(run?["outcome"] == "canceled" && run?["cause"] == "agentStopped")
        }
    }
}

extension RunningAgent {
    /// Returns when the journal holds a change of that type.
    func told(_ type: String, of task: String) async throws {
        let lane = JSON.string("task:\(task)")
        let page = try await call("event.list", ["type": .string(type), "lane": lane, "wait": "60s"])
        #expect(page["events"] != [])
    }

    /// Returns when the part has come to run again.
    func restarted(_ part: String, past starts: Int) async throws {
        while (agent.engine.snapshot()[part]?.starts ?? 0) <= starts {
            // It is on its way down, or up.
            try await agent.engine.answered()
            try await agent.engine.started([part])
        }
        try await agent.engine.started(Set(Readiness.parts))
    }
}
