import JSON
import JSONRPC
import ReeveAgent
import ReeveProtocol
import Testing
import TestSupport

/// Runs of several steps, with real processes.
struct StepTests {
    @Test func `steps follow what they require, and the run tells of each`() async throws {
        try await RunningAgent.with { agent in
            let steps: [JSON] = [
                ["name": "a", "script": "echo a"], ["name": "b", "script": "echo b; exit 4", "requires": ["a"]],
                ["name": "c", "script": "echo c", "requires": ["b"]],
                [
                    "name": "cleanup", "script": "echo cleanup",
                    "requires": [["step": "b", "condition": "exited"]],
                ],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": .array(steps)]])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "failed")
            #expect(run["reason"] == "step b: exited with 4")
            let outcomes = run["steps"]?.array?.map { $0["outcome"]?.string }
            #expect(outcomes == ["succeeded", "failed", "skipped", "succeeded"])
            #expect(try await agent.call("run.output", ["run": "job/-1"])["data"] == "a\nb\ncleanup\n")
        }
    }

    @Test func `steps that require nothing of each other run at once, and their output comes in its order`()
        async throws
    {
        try await RunningAgent.with { agent in
            // Each can only go on when the other has come so far: one after the other, they would never end.
            let (ping, pong) = (try Fifo(agent.folder.path + "/ping"), try Fifo(agent.folder.path + "/pong"))
            let steps: [JSON] = [
                [
                    "name": "left",
                    "script": .string(
                        "echo 1; echo >\(ping.path); read x <\(pong.path); echo 3 >&2; echo >\(ping.path)"
                    ),
                ],
                [
                    "name": "right",
                    "script": .string("read x <\(ping.path); echo 2; echo >\(pong.path); read x <\(ping.path); echo 4"),
                ],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": .array(steps)]])
            #expect(try await agent.runToEnd("job")["outcome"] == "succeeded")
            let output = try await agent.call("run.output", ["run": "job/-1"])
            let times = output["chunks"]?.array?.compactMap { $0["time"]?.string } ?? []
            #expect(times == times.sorted())
            let whole = try #require(output["data"]?.string)
            #expect(whole.utf8.count == 8)

            var pieces = ""
            var next: JSON?
            repeat {
                var parameters: JSONObject = ["run": "job/-1", "limit": 3]
                parameters["after"] = next
                let page = try await agent.call("run.output", .object(parameters))
                pieces += page["data"]?.string ?? ""
                next = page["next"]
                if page["end"] == true { break }
                #expect(page["data"]?.string?.utf8.count ?? 0 > 0, "or it would never come to an end")
            } while pieces.count < 100
            #expect(pieces == whole, "by pieces it is the same, with nothing lost or twice")
            let tail = try await agent.call("run.output", ["run": "job/-1", "tail": 3])
            #expect(tail["data"] == .string(String(whole.suffix(3))))
            let left = try await agent.call("run.output", ["run": "job/-1", "step": "left"])
            #expect(left["data"] == "1\n3\n")
            let right = try await agent.call("run.output", ["run": "job/-1", "step": "right"])
            #expect(right["data"] == "2\n4\n")
        }
    }

    @Test func `a step is tried again, and the output of every try is kept apart`() async throws {
        try await RunningAgent.with { agent in
            let mark = agent.folder.path + "/mark"
            let script = "echo try; test -e \(mark) && exit 0; touch \(mark); exit 75"
            let step: JSON = [
                "name": "main", "script": .string(script), "retry": ["delay": "1ms", "onExit": [75]],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": [step]]])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "succeeded")
            #expect(run[at: "steps", "0", "attempt"] == 2)
            #expect(run["attempt"] == 1, "it is the same run")
            let output = try await agent.call("run.output", ["run": "job/-1"])
            #expect(output["chunks"]?.array?.map { $0["attempt"] } == [1, 2])
            #expect(output["data"] == "try\ntry\n")
            let first = try await agent.call("run.output", ["run": "job/-1", "attempt": 1])
            #expect(first["data"] == "try\n" && first["end"] == true)
            #expect(
                try await agent.failure("run.output", ["run": "job/-1", "attempt": 0])?.data?["path"] == "/attempt"
            )

            let events = try await agent.call("event.list", ["lane": "task:job"])
            let told = events["events"]?.array?.compactMap { event -> String? in
                guard let step = event[at: "data", "step"] else { return nil }
                return "\(step["attempt"]?.text ?? "") \(step["status"]?.string ?? "")"
            }
            #expect(
                told == [
                    "1 preparing", "1 running", "1 stopped", "2 pending", "2 preparing", "2 running", "2 stopped",
                ]
            )
        }
    }

    @Test func `what a try has left running is ended before the next one begins`() async throws {
        try await RunningAgent.with { agent in
            let pid = agent.folder.path + "/pid"
            let up = try Fifo(agent.folder.path + "/up")
            // It has left its parent, its session and its streams.
            let script = """
                if [ -e \(pid) ]; then kill -0 "$(cat \(pid))" 2>&- && echo beside || echo alone; exit; fi
                setsid sh -c 'echo $$ >\(pid); echo up >\(up.path); exec sleep 1000' <&- >&- 2>&- &
                read line <\(up.path)
                exit 1
                """
            let step: JSON = ["name": "a", "script": .string(script), "retry": ["limit": 1, "delay": "1ms"]]
            try await agent.call("task.put", ["task": ["id": "job", "steps": [step]]])
            #expect(try await agent.runToEnd("job")["outcome"] == "succeeded")
            #expect(try await agent.call("run.output", ["run": "job/1"])["data"] == "alone\n")
        }
    }

    @Test func `a step that is ready when a line says so is what another waits for, and the essential one ends both`()
        async throws
    {
        try await RunningAgent.with { agent in
            let wait = try Fifo(agent.folder.path + "/wait")
            let steps: [JSON] = [
                [
                    "name": "db", "script": .string("echo starting; echo now listening; read x <\(wait.path)"),
                    "ready": ["log": "listening"],
                ],
                [
                    "name": "test", "command": ["true"], "essential": true,
                    "requires": [["step": "db", "condition": "ready"]],
                ],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": .array(steps)]])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "succeeded")
            #expect(run[at: "steps", "0", "outcome"] == "canceled")
            #expect(run[at: "steps", "0", "cause"] == "essentialEnded")
            #expect(run[at: "steps", "0", "readyAt"] != nil)
        }
    }

    @Test func `the end of one step is no other's: neither its time nor a stop kills what is not told to end`()
        async throws
    {
        try await RunningAgent.with { agent in
            let (up, go) = (try Fifo(agent.folder.path + "/up"), try Fifo(agent.folder.path + "/go"))
            let steps: [JSON] = [
                [
                    "name": "short", "script": .string("read x <\(up.path); exec sleep 60"), "timeout": "50ms",
                    "essential": false,
                ],
                ["name": "work", "script": .string("echo >\(up.path); read x <\(go.path); echo done")],
                [
                    "name": "after", "script": .string("echo >\(go.path)"),
                    "requires": [["step": "short", "condition": "exited"]],
                ],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": .array(steps)]])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "succeeded", "\(run.text)")
            #expect(run["steps"]?.array?.map { $0["outcome"] } == ["timedOut", "succeeded", "succeeded"])
        }
    }

    @Test func `a step that says with its last words that it is ready was so`() async throws {
        try await RunningAgent.with { agent in
            let steps: [JSON] = [
                ["name": "a", "script": "echo READY", "ready": ["log": "READY"]],
                ["name": "b", "command": ["true"], "requires": [["step": "a", "condition": "ready"]]],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": .array(steps)]])
            for _ in 0..<5 { #expect(try await agent.runToEnd("job")["outcome"] == "succeeded") }
        }
    }

    @Test func `a step says itself that it is ready`() async throws {
        try await RunningAgent.with { agent in
            let say =
                "import os, socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
                + "s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])"
            let wait = try Fifo(agent.folder.path + "/wait")
            let steps: [JSON] = [
                [
                    "name": "db", "script": .string("python3 -c \"\(say)\"; read x <\(wait.path)"),
                    "ready": ["notify": true],
                ],
                [
                    "name": "test", "script": .string("echo >\(wait.path)"),
                    "requires": [["step": "db", "condition": "ready"]],
                ],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": .array(steps)]])
            #expect(try await agent.runToEnd("job")["outcome"] == "succeeded")
        }
    }

    @Test func `a probe's states are the run's, and told`() async throws {
        try await RunningAgent.with { agent in
            let (mark, wait) = (agent.folder.path + "/mark", try Fifo(agent.folder.path + "/wait"))
            let steps: [JSON] = [
                [
                    "name": "web", "script": .string("read x <\(wait.path)"),
                    "probe": ["exec": ["test", "-e", .string(mark)], "interval": "1ms", "threshold": 1],
                ],
                [
                    "name": "user", "script": .string("echo >\(wait.path)"),
                    "requires": [["step": "web", "condition": "healthy"]],
                ],
                ["name": "mark", "command": ["touch", .string(mark)]],
            ]
            try await agent.call("task.put", ["task": ["id": "job", "steps": .array(steps)]])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "succeeded")
            #expect(run[at: "probes", "0", "step"] == "web" && run[at: "probes", "0", "health"] == "healthy")
            let events = try await agent.call("event.list", ["lane": "task:job"])
            let told = events["events"]?.array?.compactMap { $0[at: "data", "probe", "health"]?.string }
            #expect(told?.last == "healthy")
            let last = events["events"]?.array?.last
            #expect(last?[at: "data", "probes", "0", "health"] == "healthy")
        }
    }

    @Test func `a run has the parameters that it is given, over the defaults, and no others`() async throws {
        try await RunningAgent.with { agent in
            let task: JSON = [
                "id": "job", "script": "echo \"$REEVE_PARAM_DB $REEVE_PARAM_FROM_TIME\"",
                "parameters": [
                    "db": ["default": "app", "pattern": "[a-z]+"], "from-time": "now",
                ],
            ]
            try await agent.call("task.put", ["task": task])
            _ = try await agent.runToEnd("job")
            #expect(try await agent.call("run.output", ["run": "job/-1"])["data"] == "app now\n")
            let given: JSON = ["from-time": "$(touch /tmp/x); 'a b'"]
            let started = try await agent.call("task.run", ["task": "job", "parameters": given])
            try await agent.call("run.wait", ["run": try #require(started["run"])])
            let output = try await agent.call("run.output", ["run": "job/-1"])
            #expect(output["data"] == "app $(touch /tmp/x); 'a b'\n", "a value is never run")
            for (parameters, path, expected) in [
                (["bd": "x"], "/parameters/bd", "did you mean"), (["db": "a b"], "/parameters/db", "[a-z]+"),
            ] as [(JSON, JSON, String)] {
                let failure = try await agent.failure("task.run", ["task": "job", "parameters": parameters])
                #expect(failure?.data?["path"] == path)
                #expect(failure?.data?.text.contains(expected) == true, "\(failure?.data?.text ?? "")")
            }
        }
    }

    @Test func `attachments are in place when a step starts, and their states are the run's`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/files/rules.conf"
        try await RunningAgent.with({ $0.attachmentFolders = [folder.path] }) { agent in
            let task: JSON = [
                "id": "job", "command": ["cat", .string(path)],
                "attachments": [["path": .string(path), "content": "rules\n", "mode": "0600"]],
            ]
            try await agent.call("task.put", ["task": task])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "succeeded")
            #expect(run[at: "attachments", "0", "status"] == "attached")
            #expect(try await agent.call("run.output", ["run": "job/-1"])["data"] == "rules\n")
            let events = try await agent.call("event.list", ["lane": "task:job"])
            let told = events["events"]?.array?.compactMap { $0[at: "data", "attachment", "status"]?.string }
            #expect(told == ["attached"])
            #expect(events["events"]?.array?.last?[at: "data", "attachments", "0", "status"] == "attached")

            // A folder came to stand where the file is to be.
            try await agent.put("break", shell: "rm \(path); mkdir \(path)")
            _ = try await agent.runToEnd("break")
            let failed = try await agent.runToEnd("job")
            #expect(failed["outcome"] == "failed" && failed["cause"] == "attachmentFailed")
            #expect(failed["reason"]?.string?.contains(path) == true)
        }
    }

    @Test(
        arguments: [
            (["x"], "/task/steps/0/requires/0", "there is no step"), (["a"], "/task/steps/0/requires/0", "itself"),
            (["b"], "/task/steps/0/requires", "a requires b requires a"),
            ([["step": "c"]], "/task/steps/0/requires/0", "essential"),
            ([["step": "b", "condition": "done"]], "/task/steps/0/requires/0/condition", "done"),
        ] as [(JSON, String, String)]
    )
    func `what can never be met is refused, with the place and the reason`(
        _ requires: JSON,
        _ path: String,
        _ reason: String
    ) async throws {
        try await RunningAgent.with { agent in
            let task: JSON = [
                "id": "job",
                "steps": [
                    ["name": "a", "command": ["true"], "requires": requires],
                    ["name": "b", "command": ["true"], "requires": ["a"]],
                    ["name": "c", "command": ["true"], "essential": true],
                ],
            ]
            let problem = try await agent.call("task.check", ["task": task])["problems"]?.array?.first
            #expect(problem?["path"]?.string == path)
            #expect(problem?["reason"]?.string?.contains(reason) == true, "\(problem?.text ?? "")")
        }
    }
}
