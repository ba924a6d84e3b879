import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// Tasks run, with all that can happen to a run.
struct RunTests {
    @Test(
        arguments: [
            ("exit 0", "succeeded", JSON?.none, 0), ("exit 3", "failed", "exit", 3),
            ("kill -9 $$", "failed", "signal", nil),
        ] as [(String, String, JSON?, Int?)]
    )
    func `a run ends as its process does`(line: String, outcome: String, cause: JSON?, code: Int?) async throws {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: line)
            let run = try await agent.runToEnd("job")
            #expect(run["status"] == "stopped")
            #expect(run["outcome"]?.string == outcome)
            #expect(run["cause"] == cause)
            #expect(run[at: "steps", "0", "exitCode"]?.integer == code)
            #expect(run["number"] == 1 && run["trigger"] == "manual" && run["by"] == .string("uid:\(agent.uid)"))
        }
    }

    @Test func `a program that is not there fails the run, and says so`() async throws {
        try await RunningAgent.with { agent in
            let put = try await agent.call("task.put", ["task": ["id": "job", "command": ["/no/such/program"]]])
            #expect(put["warnings"]?.text.contains("/no/such/program") == true)
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "failed" && run["cause"] == "notFound")
            #expect(run["reason"]?.string?.contains("/no/such/program") == true)
        }
    }

    @Test(arguments: ["task", "step"])
    func `a timeout ends what takes too long`(of what: String) async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            let line: JSON = .string("read line < \(fifo.path)")
            let task: JSON =
                what == "task"
                ? ["id": "job", "timeout": "50ms", "script": line]
                : ["id": "job", "steps": [["name": "slow", "timeout": "50ms", "script": line]]]
            try await agent.call("task.put", ["task": task])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "timedOut" && run["cause"] == "timeout")
            #expect(run["reason"]?.string?.contains("50ms") == true)
        }
    }

    @Test func `what does not end when it is asked to is killed after its grace`() async throws {
        try await RunningAgent.with { agent in
            let started = try Fifo(agent.folder.path + "/started")
            try await agent.put(
                "stubborn",
                shell:
                    "trap '' TERM; echo $$ > \(started.path); while :; do read line < \(agent.folder.path)/none.fifo; done",
                ["stop": ["grace": "50ms"]]
            )
            _ = try Fifo(agent.folder.path + "/none.fifo")
            try await agent.call("task.run", ["task": "stubborn"])
            _ = try await started.line()
            try await agent.call("run.stop", ["run": "stubborn/-1", "reason": "enough"])
            let run = try await agent.waited("stubborn/-1")
            #expect(run["outcome"] == "canceled" && run["cause"] == "requested")
            #expect(run["reason"]?.string?.contains("enough") == true)
            #expect(run[at: "steps", "0", "signal"] == 9)
        }
    }

    @Test(arguments: [["signal": "USR1"], ["signal": "KILL"], ["grace": "0s"]] as [JSON])
    func `what does not heed a stop does as a second one says`(second: JSON) async throws {
        try await RunningAgent.with { agent in
            let started = try Fifo(agent.folder.path + "/started")
            let heard = try Fifo(agent.folder.path + "/heard")
            let script = """
                trap 'echo TERM > \(heard.path)' TERM
                trap 'exit 7' USR1
                echo up > \(started.path)
                while :; do read line < \(agent.folder.path)/none.fifo; done
                """
            _ = try Fifo(agent.folder.path + "/none.fifo")
            try await agent.put("job", shell: script, ["stop": ["grace": "10m"]])
            try await agent.call("task.run", ["task": "job"])
            _ = try await started.line()
            try await agent.call("run.stop", ["run": "job/1", "reason": "enough"])
            _ = try await heard.line()
            var parameters: JSONObject = ["run": "job/1", "reason": "too slow"]
            parameters.members += second.object?.members ?? []
            #expect(try await agent.call("run.stop", .object(parameters))["status"] == "stopping")
            let run = try await agent.waited("job/1")
            #expect(run["outcome"] == "canceled" && run["cause"] == "requested")
            #expect(run["reason"]?.string?.hasSuffix(": enough") == true)
            let step = run[at: "steps", "0"]
            if second["signal"] == "USR1" { #expect(step?["exitCode"] == 7) } else { #expect(step?["signal"] == 9) }
        }
    }

    @Test func `a stop that cannot be meant is refused`() async throws {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "true")
            for (field, value) in [("signal", "SIGTERM"), ("grace", "366d"), ("grace", "-1s")] as [(String, JSON)] {
                let failure = try await agent.failure("run.stop", ["run": "job/1", field: value])
                #expect(failure?.code == -32602 && failure?.data?["path"] == .string("/" + field), "\(value)")
            }
        }
    }

    @Test func `by hand a run is refused while another is in the way, and the same id is the same run`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "read line < \(fifo.path)")
            let id: JSON = "019367f2-7a5c-7c3e-9d2b-5f0e6a1b2c3d"
            let first = try await agent.call("task.run", ["task": "job", "run": id])
            #expect(first == ["run": id, "number": 1])
            #expect(try await agent.call("task.run", ["task": "job", "run": id]) == first)
            let failure = try #require(try await agent.failure("task.run", ["task": "job"]))
            #expect(failure.kind == "invalidState" && failure.data?["run"] == id)
            let live = try await agent.call("run.list", ["live": true])["runs"]?.array
            #expect(live?.map { $0["id"] } == [id])
            try await fifo.write()
            #expect(try await agent.waited("job/1")["outcome"] == "succeeded")
            let stopped = try #require(try await agent.failure("run.stop", ["run": "job/1"]))
            #expect(stopped.kind == "invalidState")
        }
    }

    @Test func `waiting gives up at its deadline`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "read line < \(fifo.path)")
            try await agent.call("task.run", ["task": "job"])
            let failure = try #require(try await agent.failure("run.wait", ["run": "job/1", "deadline": "10ms"]))
            #expect(failure.kind == "deadline" && failure.code == 7)
            #expect(try await agent.call("run.get", ["run": "job/1"])[at: "run", "outcome"] == nil)
            try await fifo.write()
            #expect(try await agent.waited("job/1")["outcome"] == "succeeded")
        }
    }

    // MARK: Output

    @Test func `a follower gets every piece as it comes, and the end`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "echo one; read line < \(fifo.path); echo $line >&2; echo three")
            try await agent.call("task.run", ["task": "job"])
            let follow = try await agent.client.subscribe("run.follow", ["run": "job/1"])
            var texts = ["stdout": "", "stderr": ""]
            var end: String?
            for try await message in follow {
                switch message {
                case .item(let item, _):
                    let data = item["data"]?.string ?? ""
                    texts[item["stream"]?.string ?? "", default: ""] += data
                    // It goes on only after its first words were heard.
                    if data.hasPrefix("one") { try await fifo.write("two") }
                case .end(let cause, _): end = cause
                }
            }
            #expect(texts == ["stdout": "one\nthree\n", "stderr": "two\n"])
            #expect(end == "ended")
        }
    }

    @Test(arguments: ["limit": 10, "tail": 10, "wait": "1s"] as [String: JSON])
    func `what following does not know is refused, and not passed over`(field: String, value: JSON) async throws {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "true")
            _ = try await agent.runToEnd("job")
            let failure = try await agent.failure("run.follow", ["run": "job/1", field: value])
            #expect(failure?.code == -32602 && failure?.data?["path"] == .string("/" + field))
        }
    }

    @Test func `output is read in pieces, by stream, from its tail, and waited for`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "echo out; echo err >&2; read line < \(fifo.path); printf '\\377\\376'")
            try await agent.call("task.run", ["task": "job"])
            let first = try await agent.call("run.output", ["run": "job/1", "stream": "stdout", "wait": "60s"])
            #expect(first["data"] == "out\n" && first["end"] == false && first["encoding"] == "utf8", "\(first.text)")
            let next = first["next"] ?? nil
            async let waiting = agent.call(
                "run.output",
                ["run": "job/1", "stream": "stdout", "after": next, "wait": "60s"]
            )
            try await fifo.write()
            let second = try await waiting
            #expect(second["data"] == "//4=" && second["encoding"] == "base64", "\(second.text)")
            _ = try await agent.waited("job/1")
            let errors = try await agent.call("run.output", ["run": "job/1", "stream": "stderr"])
            #expect(errors["data"] == "err\n" && errors["end"] == true)
            let tail = try await agent.call("run.output", ["run": "job/1", "tail": 2, "encoding": "base64"])
            #expect(tail["data"] == "//4=" && tail[at: "chunks", "0", "stream"] == "stdout")
        }
    }

    // MARK: Schedules and delivery

    @Test func `a task due by rate runs, and its changes reach the endpoint in order and signed`() async throws {
        let clock = ManualWallClock()
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with(wallClock: clock) { agent in
                let endpoint: JSON = [
                    "name": "ops", "kind": "webhook", "url": .string(receiver.url),
                    "secret": .string(ExampleFixture.secret),
                ]
                try await agent.call("endpoint.put", ["endpoint": endpoint])
                let members: JSONObject = ["schedule": ["rate": "1h"], "labels": ["team": "data"]]
                try await agent.put("tick", shell: "exit 0", members)
                clock.advance(by: .hours(1))
                var ended: [JSON] = []
                for await request in receiver.requests where request.type == "dev.reeve.run.succeeded" {
                    ended.append(request.event ?? nil)
                    if ended.count == 3 { break }
                    clock.advance(by: .hours(1))
                }
                try await agent.call("task.remove", ["task": "tick"])
                try await agent.call("agent.flush")
                #expect(ended.map { $0[at: "data", "number"] } == [1, 2, 3])
                for event in ended {
                    #expect(event[at: "data", "trigger"] == "schedule")
                    #expect(event[at: "data", "labels", "team"] == "data")
                    #expect(event["lane"] == "task:tick")
                    let due = try #require(event[at: "data", "due"]?.string.flatMap { Timestamp($0) })
                    let started = try #require(event[at: "data", "startedAt"]?.string.flatMap { Timestamp($0) })
                    #expect(started == due)
                    let schema: JSON = ["$ref": "#/components/schemas/CloudEvent"]
                    #expect(JSONSchema(document: ExampleTests.document).problems(of: event, by: schema) == [])
                }
                let check = WebhookReceiver.Check(receiver.records, secret: ExampleFixture.secret)
                #expect(check.problems == [])
            }
        }
    }

    @Test func `a slot that finds a run in its way is told as skipped`() async throws {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock) { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            let changes = try await agent.client.subscribe("event.subscribe", ["lane": "task:job"])
            try await agent.put("job", shell: "read line < \(fifo.path)", ["schedule": ["rate": "1h"]])
            clock.advance(by: .hours(1))
            try await agent.told("dev.reeve.run.running", of: "job")
            clock.advance(by: .hours(1))
            for try await message in changes {
                guard case .item(let event, _) = message, event["type"] == "dev.reeve.run.skipped" else { continue }
                #expect(event[at: "data", "number"] == 2)
                #expect(event[at: "data", "reason"]?.string?.contains("job/1") == true)
                break
            }
            try await agent.call("task.pause", ["task": "job", "reason": "enough seen"])
            #expect(try await agent.call("task.get", ["task": "job"])[at: "paused", "reason"] == "enough seen")
            try await fifo.write()
            #expect(try await agent.waited("job/1")["outcome"] == "succeeded")
            let skipped = try await agent.call("run.list", ["task": "job", "outcomes": ["skipped"]])["runs"]?.array
            #expect(skipped?.isEmpty == false)
        }
    }
}
