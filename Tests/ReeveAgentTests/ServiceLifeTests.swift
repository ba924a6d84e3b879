import Glibc
import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// One service: how it becomes ready, stays healthy, fails, is tried again, is changed and goes.
struct ServiceLifeTests {
    /// Python, saying things to the socket that the service was given.
    private static func saying(_ script: String) -> String {
        """
        exec python3 -c '
        import os, socket, time, signal
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        def say(text): s.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
        \(script)
        '
        """
    }

    // MARK: Readiness

    @Test func `a service that speaks sd_notify is ready when it says so, and tells how it is`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/go")
            let script =
                "say(\"STATUS=loading\"); open(\"\(fifo.path)\").read(); say(\"READY=1\\nSTATUS=serving\"); signal.pause()"
            try await agent.putService("web", shell: Self.saying(script), ["ready": ["notify": true]])
            try await agent.putService("after", shell: "exec sleep 1000", ["requires": ["web"]])
            #expect(try await agent.reached("web", "started")["ready"] == false)
            #expect(try await agent.service("after")["status"] == "waiting")
            try await fifo.write()
            #expect(try await agent.reached("web", "ready")["ready"] == true)
            #expect(try await agent.reached("after")["status"] == "running")
            #expect(try await agent.serviceChanges("web") == ["created", "started", "ready"])
        }
    }

    @Test func `one that is not ready in time is ended and tried again`() async throws {
        try await RunningAgent.with { agent in
            let more: JSONObject = [
                "ready": ["notify": true, "timeout": "50ms"], "restart": ["delay": "1ms", "limit": 2, "window": "1h"],
                "stop": ["grace": "1s"],
            ]
            try await agent.putService("web", shell: "exec sleep 1000", more)
            let standing = try await agent.reached("web", "settled")
            #expect(standing["status"] == "failed" && standing["cause"] == "notReady" && standing["starts"] == 2)
            #expect(standing["reason"] == "it was not ready within 50ms, and was ended")
        }
    }

    @Test func `the watchdog ends a service that gives no sign of life`() async throws {
        try await RunningAgent.with { agent in
            let more: JSONObject = ["ready": ["notify": true], "watchdog": "100ms", "restart": "never"]
            let script = "assert os.environ[\"WATCHDOG_USEC\"] == \"100000\"; say(\"READY=1\"); signal.pause()"
            try await agent.putService("web", shell: Self.saying(script), more)
            let failed = try await agent.serviceEvent("web", "failed")
            #expect(failed[at: "data", "cause"] == "watchdog" && failed[at: "data", "signal"] == 6)
        }
    }

    @Test func `a service that forks and says MAINPID is the process that it named`() async throws {
        try await RunningAgent.with { agent in
            let script = """
                pid = os.fork()
                if pid: say("MAINPID=%d\\nREADY=1" % pid); os._exit(0)
                signal.pause()
                """
            try await agent.putService("web", shell: Self.saying(script), ["ready": ["notify": true]])
            let pid = try await agent.reached("web")["pid"]?.integer
            _ = try await agent.serviceEvent("web", "ready")
            let now = try await agent.service("web")
            #expect(now["status"] == "running" && now["starts"] == 1)
            try await agent.order("stop", "web")
            try await agent.reached("web", "stopped")
            #expect(!isAlive(pid))
        }
    }

    // MARK: Health

    @Test func `each change of health is told, and those who require it follow`() async throws {
        try await RunningAgent.with { agent in
            let file = agent.folder.path + "/healthy"
            let probe: JSON = ["exec": ["/usr/bin/test", "-e", .string(file)], "interval": "10ms", "threshold": 2]
            try await agent.putService("db", shell: "exec sleep 1000", ["probe": probe])
            let requires: JSON = [["service": "db", "condition": "healthy"]]
            try await agent.putService("web", shell: "exec sleep 1000", ["requires": requires])
            let unhealthy = try await agent.serviceEvent("db", "unhealthy")
            #expect(unhealthy[at: "data", "reason"] == "2 tries failed, the last: /usr/bin/test exited with 1")
            #expect(try await agent.why("web").first == "web waits for db to be healthy")
            close(creat(file, 0o644))
            #expect(try await agent.reached("db", "healthy")["health"] == "healthy")
            #expect(try await agent.reached("web")["status"] == "running")
            unlink(file)
            let stopped = try await agent.serviceEvent("web", "stopped")
            #expect(stopped[at: "data", "cause"] == "requirement")
            // It is only told: the service itself goes on.
            #expect(try await agent.service("db")["starts"] == 1)
        }
    }

    @Test func `a run waits for a service to be healthy, not only ready`() async throws {
        try await RunningAgent.with { agent in
            let file = agent.folder.path + "/healthy"
            let probe: JSON = ["exec": ["/usr/bin/test", "-e", .string(file)], "interval": "10ms", "threshold": 1]
            try await agent.putService("db", shell: "exec sleep 1000", ["probe": probe])
            try await agent.reached("db")
            _ = try await agent.serviceEvent("db", "unhealthy")
            let requires: JSON = [["service": "db", "condition": "healthy"]]
            try await agent.put("backup", shell: "exit 0", ["requires": requires])
            try await agent.call("task.run", ["task": "backup"])
            let why = try await agent.call("run.why", ["run": "backup/1"])
            #expect(why["summary"] == "backup/1 waits for db to be healthy")
            #expect(why[at: "waitingFor", "0", "condition"] == "healthy")
            close(creat(file, 0o644))
            #expect(try await agent.waited("backup/1")["outcome"] == "succeeded")
        }
    }

    @Test func `an unhealthy service is restarted where that is wanted`() async throws {
        try await RunningAgent.with { agent in
            let probe: JSON = ["exec": ["/bin/false"], "interval": "10ms", "threshold": 1, "unhealthy": "restart"]
            try await agent.putService("db", shell: "exec sleep 1000", ["probe": probe, "restart": ["delay": "1ms"]])
            let exited = try await agent.serviceEvent("db", "exited")
            #expect(exited[at: "data", "cause"] == "unhealthy")
            _ = try await agent.serviceEvent("db", "started") { $0[at: "data", "starts"] == 2 }
        }
    }

    // MARK: Ends

    @Test(arguments: [
        ("always", "exit 0", "waiting"), ("onFailure", "exit 0", "completed"), ("onFailure", "exit 3", "waiting"),
        ("never", "exit 0", "completed"), ("never", "exit 3", "failed"), ("never", "kill -9 $$", "failed"),
    ])
    func `what comes of an end is the policy's to say`(policy: String, line: String, status: String) async throws {
        try await RunningAgent.with { agent in
            let restart: JSON = ["policy": .string(policy), "delay": "1h", "maximum": "1h"]
            try await agent.putService("job", shell: line, ["restart": restart])
            let exited = try await agent.serviceEvent("job", "exited")
            #expect(exited[at: "data", "status"] == .string(status))
            #expect((exited[at: "data", "nextTry"] != nil) == (status == "waiting"))
            #expect(try await agent.service("job")["starts"] == 1)
        }
    }

    @Test func `a crash loop is given up where that is asked for, costs few changes, and a person starts it again`()
        async throws
    {
        try await RunningAgent.with { agent in
            let restart: JSON = ["delay": "1ms", "factor": 1, "maximum": "1ms", "limit": 100, "window": "1h"]
            try await agent.putService("job", shell: "exit 3", ["restart": restart])
            _ = try await agent.serviceEvent("job", "failed")
            let standing = try await agent.service("job")
            #expect(standing["status"] == "failed" && standing["starts"] == 100 && standing["failures"] == 100)
            let changes = try await agent.serviceChanges("job")
            #expect(changes.count < 30 && changes.last == "failed")
            #expect(try await agent.why("job").first?.hasPrefix("job has failed and is given up") == true)
            try await agent.order("start", "job")
            _ = try await agent.serviceEvent("job", "started") { $0[at: "data", "starts"] == 101 }
        }
    }

    @Test func `a command that is not there is a failure that says so, and a put with the right one is all it takes`()
        async throws
    {
        try await RunningAgent.with { agent in
            let put = try await agent.call("service.put", ["service": ["name": "web", "command": ["/no/such/web"]]])
            #expect(put["warnings"] == ["the program /no/such/web is not there now"])
            let failed = try await agent.serviceEvent("web", "failed")
            #expect(failed[at: "data", "cause"] == "notFound")
            #expect(failed[at: "data", "reason"] == "cannot execute /no/such/web: no such file or directory")
            try await agent.putService("web", shell: "exec sleep 1000")
            #expect(try await agent.reached("web")["status"] == "running")
        }
    }

    @Test func `what a process has left behind ends with it`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/child")
            let line = "setsid sleep 1000 & echo $! > \(fifo.path); exit 1"
            try await agent.putService("web", shell: line, ["restart": "never"])
            let child = Int(try await fifo.line())
            _ = try await agent.serviceEvent("web", "failed")
            #expect(!isAlive(child))
        }
    }

    @Test func `many that are put at once all come up`() async throws {
        try await RunningAgent.with { agent in
            for number in 0..<60 { try await agent.putService("s\(number)", shell: "exec sleep 1000") }
            for number in 0..<60 { #expect(try await agent.reached("s\(number)")["starts"] == 1) }
        }
    }

    @Test func `who waits for what does not come by itself is told so`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "exit 3", ["restart": "never"])
            _ = try await agent.serviceEvent("web", "failed")
            let failure = try await agent.failure("service.wait", ["service": "web", "until": "ready"])
            #expect(failure?.kind == "invalidState")
            #expect(failure?.message.hasPrefix("service web will not be ready: web has failed and is given up") == true)
            let conflict = try await agent.failure(
                "service.put",
                ["service": ["name": "web", "command": ["/bin/true"]], "ifRevision": 0]
            )
            #expect(conflict?.kind == "conflict" && conflict?.data?["current"] == 1)
        }
    }

    @Test func `what has failed for good is not tried again by a restart of the part`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "exit 3", ["restart": "never"])
            _ = try await agent.serviceEvent("web", "failed")
            try await agent.call("engine.restart", ["name": "services"])
            try await agent.putService("other", shell: "exec sleep 1000")
            try await agent.reached("other")
            #expect(try await agent.service("web")["status"] == "failed")
            #expect(try await agent.service("web")["starts"] == 1)
            try await agent.order("start", "web")
            _ = try await agent.serviceEvent("web", "failed") { $0[at: "data", "starts"] == 2 }
        }
    }

    // MARK: Changes

    @Test func `only a change that needs another process ends the one that runs`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "exec sleep 1000")
            let pid = try await agent.reached("web")["pid"]
            let same = try await agent.putService("web", shell: "exec sleep 1000")
            #expect(same["changed"] == false && same["created"] == false && same["revision"] == 1)
            let adjusted = try await agent.putService(
                "web",
                shell: "exec sleep 1000",
                ["restart": "never", "labels": ["a": "b"]]
            )
            #expect(adjusted["changed"] == true)
            #expect(try await agent.reached("web")["pid"] == pid)
            try await agent.putService("web", shell: "exec sleep 1001", ["restart": "never"])
            let changed = try await agent.reached("web")
            #expect(changed["pid"] != pid && changed["starts"] == 2)
            let stopped = try await agent.serviceEvent("web", "stopped")
            #expect(stopped[at: "data", "cause"] == "changed")
        }
    }

    @Test func `a removed service ends and is forgotten, and may come again`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "echo one; exec sleep 1000")
            let pid = try await agent.reached("web")["pid"]?.integer
            try await agent.call("service.remove", ["service": "web"])
            #expect(try await agent.failure("service.stop", ["service": "web"])?.kind == "notFound")
            _ = try await agent.serviceEvent("web", "stopped")
            #expect(!isAlive(pid))
            try await agent.putService("web", shell: "echo two; exec sleep 1000")
            #expect(try await agent.reached("web")["status"] == "running")
            #expect(
                try await agent.serviceChanges("web")
                    == ["created", "started", "ready", "removed", "stopped", "created", "started", "ready"]
            )
        }
    }

    @Test func `what becomes of a service is delivered in order, and each change says which was before it`()
        async throws
    {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with { agent in
                let endpoint: JSON = [
                    "name": "ops", "kind": "webhook", "url": .string(receiver.url),
                    "filter": ["types": ["dev.reeve.service.*"]],
                ]
                try await agent.call("endpoint.put", ["endpoint": endpoint])
                try await agent.putService("web", shell: "exec sleep 1000", ["labels": ["team": "shop"]])
                try await agent.reached("web")
                try await agent.order("stop", "web")
                var events: [JSON] = []
                for await request in receiver.requests {
                    events.append(request.event ?? nil)
                    if request.type == "dev.reeve.service.stopped" { break }
                }
                #expect(
                    events.map { $0["type"]?.string?.split(separator: ".").last }
                        == ["created", "started", "ready", "stopped"]
                )
                #expect(events.allSatisfy { $0["lane"] == "service:web" && $0[at: "data", "labels", "team"] == "shop" })
                #expect(events.dropFirst().map { $0["previous"] } == events.dropLast().map { $0["sequence"] })
            }
        }
    }

    // MARK: Tasks

    @Test func `a service waits for a task's success`() async throws {
        try await RunningAgent.with { agent in
            try await agent.put("migrate", shell: "exit 1")
            try await agent.putService("web", shell: "exec sleep 1000", ["requires": [["task": "migrate"]]])
            #expect(
                try await agent.why("web") == [
                    "web waits for task migrate to have succeeded", "task migrate has not run yet",
                ]
            )
            _ = try await agent.runToEnd("migrate")
            #expect(try await agent.why("web").last == "the last run of task migrate ended as failed")
            try await agent.put("migrate", shell: "exit 0")
            _ = try await agent.runToEnd("migrate")
            #expect(try await agent.reached("web")["status"] == "running")
        }
    }

    @Test func `a task's run waits for the services that it requires`() async throws {
        try await RunningAgent.with { agent in
            let requires: JSON = [["service": "db", "condition": "ready"]]
            try await agent.put("backup", shell: "exit 0", ["requires": requires])
            try await agent.call("task.run", ["task": "backup"])
            let run = try await agent.call("run.get", ["run": "backup/1"])
            #expect(run[at: "run", "status"] == "pending" && run[at: "run", "waitingFor"] == ["db to be ready"])
            try await agent.putService("db", shell: "exec sleep 1000")
            #expect(try await agent.waited("backup/1")["outcome"] == "succeeded")
        }
    }

    @Test func `a run that waits for a service is not waited for once it is stopped, and goes with its task`()
        async throws
    {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "exit 0", ["requires": [["service": "db"]], "overlap": "queue"])
            try await agent.call("task.run", ["task": "job"])
            try await agent.put("job", shell: "exit 0", ["overlap": "queue"])
            try await agent.call("task.run", ["task": "job"])
            #expect(try await agent.call("run.get", ["run": "job/2"])[at: "run", "status"] == "pending")
            try await agent.call("run.stop", ["run": "job/1"])
            #expect(try await agent.waited("job/2")["outcome"] == "succeeded")
            try await agent.put("other", shell: "exit 0", ["requires": [["service": "db"]]])
            let run = try await agent.call("task.run", ["task": "other"])["run"]?.string
            try await agent.call("task.remove", ["task": "other"])
            let end = try await agent.waited(try #require(run))
            #expect(end["outcome"] == "canceled" && end["cause"] == "taskRemoved")
        }
    }

    @Test func `a run is missed when what it waits for does not come in time`() async throws {
        let clock = ManualWallClock()
        try await RunningAgent.with(wallClock: clock, { $0.startBy = .minutes(1) }) { agent in
            let more: JSONObject = ["schedule": ["once": true], "requires": [["service": "db"]]]
            try await agent.put("job", shell: "exit 0", more)
            try await agent.told("dev.reeve.run.pending", of: "job")
            clock.advance(by: .seconds(61))
            let run = try await agent.waited("job/1")
            #expect(run["outcome"] == "missed" && run["cause"] == "startBy")
            #expect(run["reason"] == "it waited for db to be ready, longer than its startBy of 1m")
        }
    }

    @Test func `what one has done another waits for, and a restart does it again first`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("migrate", shell: "exit 0", ["restart": "never"])
            let requires: JSON = [["service": "migrate", "condition": "succeeded"]]
            try await agent.putService("web", shell: "exec sleep 1000", ["requires": requires])
            #expect(try await agent.reached("web")["status"] == "running")
            #expect(try await agent.reached("migrate", "settled")["status"] == "completed")
            try await agent.order("restart", "migrate")
            #expect(try await agent.reached("migrate", "settled")["starts"] == 2)
            _ = try await agent.serviceEvent("web", "ready") { $0[at: "data", "starts"] == 2 }
        }
    }
}
