import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ReeveAgent

/// Services in the order of what they require: up, down, and round again.
struct ServiceOrderTests {
    /// Says `NAME up` into a file shared by all, and `NAME down` when it is told to end.
    private static func line(_ name: String, _ folder: TemporaryFolder) -> String {
        """
        trap 'echo \(name) down >> \(folder.path)/order; exit 0' TERM
        echo \(name) up >> \(folder.path)/order; echo ready
        while :; do read line < \(folder.path)/never || sleep 0.01; done
        """
    }

    private static func order(_ folder: TemporaryFolder) throws -> [String] {
        let file = try #require(fopen(folder.path + "/order", "re"))
        defer { fclose(file) }
        var lines: [String] = []
        var buffer = [CChar](repeating: 0, count: 256)
        while fgets(&buffer, 256, file) != nil {
            lines.append(String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init), as: UTF8.self))
        }
        return lines
    }

    private static let ready: JSONObject = ["ready": ["log": "ready"]]

    private static func withTree(_ body: @escaping @Sendable (RunningAgent) async throws -> Void) async throws {
        try await RunningAgent.with { agent in
            _ = try Fifo(agent.folder.path + "/never")
            for (name, required) in [("proxy", ["web"]), ("web", ["db"]), ("db", [])] {
                var more = ready
                more["requires"] = .array(required.map(JSON.string))
                try await agent.putService(name, shell: line(name, agent.folder), more)
            }
            for name in ["db", "web", "proxy"] { try await agent.reached(name) }
            try await body(agent)
        }
    }

    @Test func `they start after what they require, though they were put the other way round`() async throws {
        try await Self.withTree { agent in
            let order = try Self.order(agent.folder)
            #expect(order == ["db up", "web up", "proxy up"])
        }
    }

    @Test func `one restart is one start of each, those that require others first to end`() async throws {
        try await Self.withTree { agent in
            try await agent.order("restart", "db")
            for name in ["db", "web", "proxy"] {
                let standing = try await agent.reached(name)
                #expect(standing["starts"] == 2 && standing["failures"] == 0)
            }
            #expect(
                try Self.order(agent.folder).dropFirst(3)
                    == ["proxy down", "web down", "db down", "db up", "web up", "proxy up"]
            )
            let stopped = try await agent.serviceEvent("web", "stopped")
            #expect(stopped[at: "data", "cause"] == "requirement")
            #expect(
                try await agent.serviceChanges("db") == ["created", "started", "ready", "stopped", "started", "ready"]
            )
        }
    }

    @Test func `a crash of one starts what requires it once more, when it is back`() async throws {
        try await Self.withTree { agent in
            let before = try await agent.service("proxy")
            let pid = try #require(try await agent.service("db")["pid"]?.integer)
            kill(pid_t(pid), SIGKILL)
            let exited = try await agent.serviceEvent("db", "exited")
            #expect(exited[at: "data", "signal"] == 9 && exited[at: "data", "nextTry"] != nil)
            _ = try await agent.serviceEvent("proxy", "ready") { $0[at: "data", "starts"] == 2 }
            #expect(try await agent.service("proxy")["pid"] != before["pid"])
            #expect(try await agent.service("web")["starts"] == 2)
        }
    }

    @Test func `what is stopped by hand stays so, also for the next agent, and says by whom`() async throws {
        let folder = try TemporaryFolder()
        try await RunningAgent.with(folder: folder) { agent in
            _ = try Fifo(folder.path + "/never")
            try await agent.putService("db", shell: Self.line("db", folder), Self.ready)
            try await agent.putService("web", shell: Self.line("web", folder), ["requires": ["db"]])
            try await agent.reached("web")
            try await agent.order("stop", "db")
            let standing = try await agent.reached("db", "stopped")
            #expect(standing["status"] == "stopped" && standing["cause"] == "requested" && standing["pid"] == nil)
            #expect(try Self.order(folder).suffix(2) == ["web down", "db down"])
            let reasons = try await agent.why("web")
            #expect(reasons.first == "web waits for db to be ready")
            #expect(reasons.last == "db stands still until it is started by hand: it was stopped by uid:\(agent.uid)")
            #expect(try await agent.service("web")["waitingFor"] == ["db to be ready"])
        }
        try await RunningAgent.with(folder: folder) { agent in
            #expect(try await agent.service("db")["status"] == "stopped")
            try await agent.order("start", "db")
            #expect(try await agent.reached("web")["status"] == "running")
            #expect(try await agent.service("db")["starts"] == 2)
        }
    }

    @Test func `with two ways to the same one, a restart is one start of each all the same`() async throws {
        try await RunningAgent.with { agent in
            for (name, required) in [("db", []), ("left", ["db"]), ("right", ["db"]), ("top", ["left", "right"])] {
                let requires = JSON.array(required.map(JSON.string))
                try await agent.putService(name, shell: "exec sleep 1000", ["requires": requires])
            }
            try await agent.reached("top")
            try await agent.order("restart", "db")
            for name in ["db", "left", "right", "top"] { #expect(try await agent.reached(name)["starts"] == 2) }
        }
    }

    @Test func `each condition is waited for, and one that cannot come any more is said`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/end")
            try await agent.putService("slow", shell: "exec sleep 1000", ["ready": ["notify": true]])
            try await agent.putService("job", shell: "read x < \(fifo.path); exit 3", ["restart": "never"])
            let conditions = [("slow", "started"), ("slow", "ready"), ("job", "exited"), ("job", "succeeded")]
            for (service, condition) in conditions {
                let requires: JSON = [["service": .string(service), "condition": .string(condition)]]
                try await agent.putService("after-\(condition)", shell: "exec sleep 1000", ["requires": requires])
            }
            try await agent.reached("after-started")
            for condition in ["ready", "exited", "succeeded"] {
                #expect(try await agent.service("after-\(condition)")["status"] == "waiting")
            }
            try await fifo.write()
            try await agent.reached("after-exited")
            #expect(try await agent.service("after-succeeded")["waitingFor"] == ["job to have succeeded"])
            let why = try await agent.why("after-succeeded")
            #expect(why.first == "after-succeeded waits for job to have succeeded")
            #expect(why.last?.contains("exited with 3") == true, "\(why)")
        }
    }

    @Test func `a restart of what waits is carried out when what it waits for is there`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "exec sleep 1000", ["requires": ["db"]])
            try await agent.order("restart", "web")
            #expect(try await agent.service("web")["status"] == "waiting")
            try await agent.putService("db", shell: "exec sleep 1000")
            #expect(try await agent.reached("web")["starts"] == 1)
            #expect(try await agent.serviceChanges("web") == ["created", "started", "ready"])
        }
    }

    @Test func `a stop works at once while it waits, while it starts, and while its next try is due`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("waits", shell: "exit 0", ["requires": ["nobody"]])
            try await agent.putService("starts", shell: "exec sleep 1000", ["ready": ["notify": true]])
            try await agent.putService("fails", shell: "exit 1", ["restart": ["delay": "1h", "maximum": "1h"]])
            try await agent.reached("starts", "started")
            _ = try await agent.serviceEvent("fails", "exited")
            for name in ["waits", "starts", "fails"] {
                try await agent.order("stop", name)
                #expect(try await agent.reached(name, "stopped")["status"] == "stopped")
            }
            // And so does a start: nobody waits out the hour.
            try await agent.order("start", "fails")
            _ = try await agent.serviceEvent("fails", "exited") { $0[at: "data", "starts"] == 2 }
        }
    }

    @Test func `the agent's end ends them in order, and the next one starts them again`() async throws {
        let folder = try TemporaryFolder()
        try await RunningAgent.with(folder: folder) { agent in
            _ = try Fifo(folder.path + "/never")
            try await agent.putService("db", shell: Self.line("db", folder), Self.ready)
            try await agent.putService("web", shell: Self.line("web", folder), ["requires": ["db"]])
            try await agent.reached("web")
        }
        #expect(try Self.order(folder) == ["db up", "web up", "web down", "db down"])
        try await RunningAgent.with(folder: folder) { agent in
            #expect(try await agent.reached("web")["starts"] == 2)
            let stopped = try await agent.serviceEvent("db", "stopped")
            #expect(stopped[at: "data", "cause"] == "agentStopped")
        }
    }

    // MARK: What is not there, and circles

    @Test func `what is required and is not there is waited for, and said`() async throws {
        try await RunningAgent.with { agent in
            let put = try await agent.putService("web", shell: "exec sleep 1000", ["requires": ["db"]])
            #expect(put["warnings"] == ["there is no service db now: it is waited for"])
            #expect(try await agent.why("web") == ["web waits for db to be ready", "there is no service db"])
            try await agent.putService("db", shell: "exec sleep 1000")
            #expect(try await agent.reached("web")["status"] == "running")
        }
    }

    @Test func `a task that is required and is not there is waited for, and said`() async throws {
        try await RunningAgent.with { agent in
            let requires: JSON = [["task": "migrate"]]
            let put = try await agent.putService("web", shell: "exec sleep 1000", ["requires": requires])
            #expect(put["warnings"] == ["there is no task migrate now: it is waited for"])
            #expect(try await agent.why("web").first == "web waits for task migrate to have succeeded")
            try await agent.put("migrate", shell: "exit 0")
            #expect(try await agent.runToEnd("migrate")["outcome"] == "succeeded")
            #expect(try await agent.reached("web")["status"] == "running")
        }
    }

    @Test func `a circle is refused with all its members, and nothing changes`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("a", shell: "exec sleep 1000", ["requires": ["b"]])
            try await agent.putService(
                "b",
                shell: "exec sleep 1000",
                ["requires": [["service": "c", "condition": "exited"]]]
            )
            let command: JSON = ["/bin/true"]
            let circle: JSON = ["name": "c", "command": command, "requires": ["a"]]
            let failure = try #require(try await agent.failure("service.put", ["service": circle]))
            #expect(failure.code == -32602)
            #expect(failure.data?["path"] == "/service/requires")
            #expect(failure.data?["circle"] == ["c", "a", "b"])
            #expect(failure.message.contains("c requires a requires b requires c"))
            #expect(try await agent.failure("service.get", ["service": "c"])?.kind == "notFound")
        }
    }
}
