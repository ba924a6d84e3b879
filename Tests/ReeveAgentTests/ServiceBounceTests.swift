import Glibc
import JSON
import JSONRPC
import ReeveEngine
import TestSupport
import Testing

@testable import ReeveAgent

/// Parts of the agent that restart end no service's process, and lose nothing that became of one.
struct ServiceBounceTests {
    @Test(arguments: ["services", "store", "runner", "submitter", "scheduler", "processes", "housekeeper"])
    func `a restart of a part ends no service's process, and the picture is the same after it`(
        part: String
    ) async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("db", shell: "echo up; exec sleep 1000", ["ready": ["log": "up"]])
            try await agent.putService("web", shell: "exec sleep 1000", ["requires": ["db"]])
            try await agent.putService("job", shell: "exit 0", ["restart": "never"])
            let requires: JSON = [["service": "job", "condition": "succeeded"]]
            try await agent.putService("late", shell: "exec sleep 1000", ["requires": requires])
            try await agent.reached("late")
            try await agent.putService("still", shell: "exec sleep 1000")
            try await agent.order("stop", "still")
            try await agent.reached("web")
            try await agent.reached("still", "stopped")
            try await agent.reached("job", "settled")
            let before = try await agent.call("service.list")
            try await agent.call("engine.restart", ["name": .string(part)])
            try await agent.agent.engine.started(Set(Readiness.parts))
            // What the part does first when it is back is done when a service that is put then runs.
            _ = try await agent.callWhenBack(
                "service.put",
                ["service": ["name": "z-last", "command": ["/bin/sleep", "1000"]]]
            )
            _ = try await agent.callWhenBack(
                "service.wait",
                ["service": "z-last", "until": "ready", "deadline": "60s"]
            )
            let after = try await agent.callWhenBack("service.list")
            #expect(before["services"]?.array == after["services"]?.array?.dropLast())
            for service in after["services"]?.array ?? [] where service["pid"] != nil {
                #expect(isAlive(service["pid"]?.integer))
            }
            let changes = try await agent.serviceChanges("web")
            #expect(changes == ["created", "started", "ready"])
        }
    }

    @Test func `while the store is away services go on, and what became of them is recorded when it is back`()
        async throws
    {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/again")
            let restart: JSON = ["delay": "1ms"]
            try await agent.putService("web", shell: "echo up > \(fifo.path); exec sleep 1000", ["restart": restart])
            #expect(try await fifo.line() == "up")
            let pid = try #require(try await agent.reached("web")["pid"]?.integer)
            let engine = agent.agent.engine
            try engine.stop("store")
            try await engine.stopped(["store"])
            let failure = try await agent.failure("service.get", ["service": "web"])
            #expect(failure?.kind == "unavailable" && failure?.data?["retryAfter"] == "1s")
            kill(pid_t(pid), SIGKILL)
            // It is started again without the store.
            #expect(try await fifo.line() == "up")
            try engine.start("store")
            try await engine.started(["store"])
            let ready = try await agent.serviceEvent("web", "ready") { $0[at: "data", "starts"] == 2 }
            #expect(ready[at: "data", "failures"] == 1)
            #expect(
                try await agent.serviceChanges("web") == ["created", "started", "ready", "exited", "started", "ready"]
            )
        }
    }

    @Test func `what a process says while the part is away is heard when it is back`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/go")
            let said = try Fifo(agent.folder.path + "/said")
            let script = """
                exec python3 -c '
                import os, socket, signal
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                open("\(fifo.path)").read()
                s.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
                open("\(said.path)", "w").write("said")
                signal.pause()
                '
                """
            try await agent.putService("web", shell: script, ["ready": ["notify": true]])
            let pid = try await agent.reached("web", "started")["pid"]
            let engine = agent.agent.engine
            try engine.stop("services")
            try await engine.stopped(["services"])
            try await fifo.write()
            #expect(try await said.line() == "said")
            try engine.start("services")
            #expect(try await agent.reached("web")["pid"] == pid)
        }
    }

    @Test func `a process that ends while the part is away is told and started again when it is back`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "exec sleep 1000", ["restart": ["delay": "1ms"]])
            let pid = try #require(try await agent.reached("web")["pid"]?.integer)
            let engine = agent.agent.engine
            try engine.stop("services")
            try await engine.stopped(["services"])
            kill(pid_t(pid), SIGTERM)
            try engine.start("services")
            let exited = try await agent.serviceEvent("web", "exited")
            #expect(exited[at: "data", "signal"] == 15)
            #expect(try await agent.serviceEvent("web", "started") { $0[at: "data", "starts"] == 2 } != nil)
        }
    }

    @Test(arguments: ["remove", "stop", "put", "restart"])
    func `what was being ended when the part restarts is ended nevertheless`(what: String) async throws {
        try await RunningAgent.with { agent in
            let (told, go) = (try Fifo(agent.folder.path + "/told"), try Fifo(agent.folder.path + "/go"))
            let line = """
                trap 'trap "" TERM; echo told > \(told.path); read line < \(go.path); exit 0' TERM
                while :; do sleep 0.01; done
                """
            try await agent.putService("web", shell: line)
            let pid = try #require(try await agent.reached("web")["pid"]?.integer)
            if what == "put" {
                try await agent.putService("web", shell: "exec sleep 1000")
            } else {
                try await agent.order(what, "web")
            }
            #expect(try await told.line() == "told")
            let engine = agent.agent.engine
            try engine.stop("services")
            try await engine.stopped(["services"])
            #expect(isAlive(pid))
            try engine.start("services")
            // It is told again, and takes no notice of that.
            try await go.write()
            _ = try await agent.serviceEvent("web", "stopped")
            #expect(!isAlive(pid))
            switch what {
            case "remove":
                // It is forgotten after its end was told.
                while try await agent.failure("service.get", ["service": "web"])?.kind != "notFound" {}
            case "stop": #expect(try await agent.service("web")["status"] == "stopped")
            default: #expect(try await agent.reached("web")["starts"] == 2)
            }
        }
    }

    @Test func `the engine's report holds the services as a part of the one picture`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("db", shell: "exec sleep 1000")
            try await agent.putService("web", shell: "exec sleep 1000", ["requires": ["db", "nobody"]])
            try await agent.reached("db")
            let report = try await agent.call("engine.report")
            let nested = report[at: "manifolds", "services", "report", "manifolds"]
            #expect(nested?[at: "db", "state"] == "started")
            #expect(nested?[at: "web", "waitingFor"] == ["nobody:ready"])
            // What it requires is all that it gets.
            func inputs(_ name: String) -> [String]? {
                nested?[at: name, "inputs"]?.array?.compactMap { $0["name"]?.string }
            }
            #expect(inputs("db") == [] && inputs("web") == ["db:ready", "nobody:ready"])
            #expect(nested?[at: "db", "report", "ready"] == true)
        }
    }
}
