import Glibc
import JSON
import TestSupport
import Testing

/// How the daemon begins and ends.
@Suite(.timeLimit(.minutes(5)))
struct EndTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal ends it in order: runs are canceled and told, the socket goes`(signal: CInt) async throws {
        let estate = try Estate()
        let started = try Fifo(estate.folder.path + "/started")
        try await WebhookReceiver.running { receiver in
            try await estate.running { daemon in
                try await daemon.call("endpoint.put", ["endpoint": receiver.endpoint()])
                let line = "echo $$ > \(started.path); exec sleep 600"
                try await daemon.call(
                    "task.put",
                    ["task": ["id": "job", "command": ["/bin/sh", "-c", .string(line)]]]
                )
                let run = try await daemon.call("task.run", ["task": "job"])["run"]
                let pid = try #require(pid_t(try await started.line()))
                #expect(try await daemon.stopped(by: signal) == .exited(0), "\(estate.log)")
                #expect(await daemon.told.contains("STOPPING=1"))
                #expect(try isDead(pid))
                #expect(access(estate.socketPath, F_OK) != 0)
                let check = WebhookReceiver.Check(receiver.records, secret: receiver.secret)
                #expect(check.problems == [])
                let told = receiver.records.filter(\.isDelivered).compactMap(\.request.event)
                let end = try #require(told.first { $0["type"] == "dev.reeve.run.canceled" })
                #expect(end[at: "data", "run"] == run)
                #expect(end[at: "data", "cause"] == "agentStopped")
                #expect(told.contains { $0["type"] == "dev.reeve.agent.stopping" })
            }
        }
    }

    @Test func `a run that is to be waited for goes on to its own end before the agent ends`() async throws {
        let estate = try Estate()
        let started = try Fifo(estate.folder.path + "/started")
        let wait = try Fifo(estate.folder.path + "/wait")
        try await estate.running { daemon in
            let line = "echo $$ > \(started.path); read line < \(wait.path); exit 3"
            let task: JSON = ["id": "job", "command": ["/bin/sh", "-c", .string(line)], "onAgentStop": "wait"]
            try await daemon.call("task.put", ["task": task])
            try await daemon.call("task.run", ["task": "job"])
            let pid = try #require(pid_t(try await started.line()))
            daemon.child.signal(SIGTERM)
            try await daemon.tells { $0.contains("STOPPING=1") }
            #expect(kill(pid, 0) == 0)
            try await wait.write()
            #expect(try await daemon.ended() == .exited(0), "\(estate.log)")
        }
        try await estate.running { daemon in
            let run = try await daemon.call("run.get", ["run": "job/1"])["run"]
            #expect(
                run?["outcome"] == "failed" && run?[at: "steps", "0", "exitCode"] == 3,
                "\(String(describing: run))"
            )
        }
    }

    @Test func `a second agent on the same state says who holds it`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let second = try await Child.run(
                [Products.reeved, "--state-directory", estate.statePath, "--socket", estate.folder.path + "/s2"],
                in: estate.folder
            )
            #expect(second.end == .exited(1))
            #expect(second.output.contains("process \(daemon.child.pid) "), "\(second.output)")
            #expect(try await daemon.call("agent.status")["ready"] == true)
        }
    }

    @Test func `a socket that an agent listens on is left to it, and the agent is named`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let second = try await Child.run(
                [Products.reeved, "--state-directory", estate.folder.path + "/other", "--socket", estate.socketPath],
                in: estate.folder
            )
            #expect(second.end == .exited(1))
            #expect(second.output.contains("pid \(daemon.child.pid) "), "\(second.output)")
            #expect(try await daemon.call("agent.status")["ready"] == true)
        }
    }

    @Test func `a socket file that nobody answers is taken over`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            await daemon.killed()
            #expect(access(estate.socketPath, F_OK) == 0)
        }
        try await estate.running { daemon in
            let (status, end) = (try await daemon.call("agent.status"), try await daemon.stopped())
            #expect(status["ready"] == true && end == .exited(0))
        }
        #expect(access(estate.socketPath, F_OK) != 0)
    }

    @Test(arguments: [
        ("/" + String(repeating: "long/", count: 30) + "socket", "the socket path"),
        ("/dev/null", "is no socket"),
        ("/proc/nowhere/socket", "cannot make the socket /proc/nowhere/socket: no such file or directory"),
    ])
    func `a socket path that cannot be is refused with the reason`(path: String, said: String) async throws {
        let folder = try TemporaryFolder()
        let answer = try await Child.run(
            [Products.reeved, "--state-directory", folder.path + "/state", "--socket", path],
            in: folder
        )
        #expect(answer.end == .exited(1))
        #expect(answer.output.hasPrefix("reeved: ") && answer.output.contains(said), "\(answer.output)")
        #expect(answer.output.split(separator: "\n").count == 1)
    }

    @Test func `a run is told as lost when the agent was killed under it`() async throws {
        let estate = try Estate()
        let started = try Fifo(estate.folder.path + "/started")
        let pid = try await estate.running { daemon in
            let line = "echo $$ > \(started.path); exec sleep 600"
            try await daemon.call("task.put", ["task": ["id": "job", "command": ["/bin/sh", "-c", .string(line)]]])
            try await daemon.call("task.run", ["task": "job"])
            let pid = try #require(pid_t(try await started.line()))
            await daemon.killed()
            return pid
        }
        try await estate.running { daemon in
            let run = try await daemon.call("run.wait", ["run": "job/1", "deadline": "60s"])["run"]
            #expect(run?["outcome"] == "lost")
            #expect(try isDead(pid))
            let types = try await daemon.call("event.list", ["lane": "agent"])["events"]?.array?.map { $0["type"] }
            #expect(types == ["dev.reeve.agent.started", "dev.reeve.agent.crashed", "dev.reeve.agent.started"])
        }
    }

    @Test func `a run goes on in its process while the store restarts`() async throws {
        let estate = try Estate()
        let (started, wait) = (
            try Fifo(estate.folder.path + "/started"), try Fifo(estate.folder.path + "/wait")
        )
        try await estate.running { daemon in
            let line = "echo $$ > \(started.path); read line < \(wait.path); echo $line"
            try await daemon.call("task.put", ["task": ["id": "job", "command": ["/bin/sh", "-c", .string(line)]]])
            try await daemon.call("task.run", ["task": "job"])
            let pid = try await started.line()
            try await daemon.call("engine.restart", ["name": "store"])
            // It tells its manager when all of its parts are up again.
            try await daemon.ready()
            let status = try await daemon.call("agent.status")
            #expect(status["ready"] == true && status["pid"]?.integer == Int(daemon.child.pid))
            let run = try await daemon.call("run.get", ["run": "job/1"])
            #expect(run[at: "run", "status"] == "running")
            #expect(run[at: "run", "steps", "0", "pid"]?.integer.map(String.init) == pid)
            try await wait.write("still here")
            let ended = try await daemon.call("run.wait", ["run": "job/1", "deadline": "60s"])
            #expect(ended[at: "run", "outcome"] == "succeeded")
            #expect(try await daemon.call("run.output", ["run": "job/1"])["data"] == "still here\n")
        }
    }
}
