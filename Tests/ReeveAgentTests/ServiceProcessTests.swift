import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ReeveAgent

/// A service's process, from its start to its end: what it is given, how it says that it is ready, how it is ended.
struct ServiceProcessTests {
    // MARK: What it is given

    @Test func `it is given its environment, folder, limits and an empty input, and nothing of the agent's`()
        async throws
    {
        try await RunningAgent.with { agent in
            let secret = agent.folder.path + "/secret"
            close(creat(secret, 0o600))
            let file = try #require(fopen(secret, "we"))
            fputs("from a file\n", file)
            fclose(file)
            let line = """
                pwd; ulimit -n; ulimit -c; echo "$A $B"; env | sed 's/=.*//' | sort | tr '\\n' ' '; echo
                cat; echo end of input; exec sleep 1000
                """
            let more: JSONObject = [
                "environment": ["A": "literal", "B": ["file": .string(secret)]], "workingDirectory": "/usr/lib",
                "limits": ["openFiles": 100, "coreSize": "0B"], "ready": ["log": "end of input"],
            ]
            try await agent.putService("web", shell: line, more)
            try await agent.reached("web")
            let said = try await agent.call("service.logs", ["service": "web"])["data"]?.string ?? ""
            let lines = said.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.prefix(4) == ["/usr/lib", "100", "0", "literal from a file"])
            #expect(lines.last == "" && lines.dropLast().last == "end of input" && lines.count == 7)
            let names = Set(lines[4].split(separator: " ").map(String.init))
            #expect(names.isSuperset(of: ["A", "B", "REEVE_AGENT", "REEVE_SERVICE", "PATH", "HOME", "USER"]))
            #expect(!names.contains("NOTIFY_SOCKET") && !names.contains("WATCHDOG_USEC"))
            // What is secret is not shown.
            let shown = try await agent.call("service.get", ["service": "web"]).text
            #expect(!shown.contains("from a file"))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "another user needs root"))
    func `it runs as the user that it names, its script by its first line`() async throws {
        try await RunningAgent.with { agent in
            let script = "#!/usr/bin/env python3\nimport os, time\nprint(os.getuid(), flush=True)\ntime.sleep(1000)\n"
            let service: JSON = [
                "name": "web", "script": .string(script), "user": "nobody", "ready": ["log": "65534"],
            ]
            try await agent.call("service.put", ["service": service])
            #expect(try await agent.reached("web")["status"] == "running")
        }
    }

    // MARK: Readiness by probe

    @Test func `it is ready when a command, a port or an answer says so, and not before`() async throws {
        try await WebhookReceiver.running(decide: { _ in .status(503) }) { receiver in
            try await RunningAgent.with { agent in
                let file = agent.folder.path + "/up"
                let reserved = try Self.boundSocket()
                defer { close(reserved.descriptor) }
                let signals: [(String, JSON)] = [
                    ("exec", ["exec": ["/usr/bin/test", "-e", .string(file)]]),
                    ("tcp", ["tcp": .string("127.0.0.1:\(reserved.port)")]),
                    ("http", ["http": .string(receiver.url)]),
                ]
                for (name, target) in signals {
                    var ready = target.object ?? JSONObject()
                    ready["interval"] = "10ms"
                    try await agent.putService(name, shell: "exec sleep 1000", ["ready": .object(ready)])
                }
                for (name, _) in signals { #expect(try await agent.reached(name, "started")["ready"] == false) }
                // It has been asked, and again.
                for await request in receiver.requests where request.number >= 3 { break }
                for (name, _) in signals { #expect(try await agent.service(name)["status"] == "starting") }
                close(creat(file, 0o644))
                #expect(listen(reserved.descriptor, 8) == 0)
                receiver.answer { _ in .status(204) }
                for (name, _) in signals { #expect(try await agent.reached(name)["ready"] == true) }
            }
        }
    }

    /// A port that nobody listens on, and that nobody else can have.
    private static func boundSocket() throws -> (descriptor: CInt, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound)
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    @Test func `its health is what a port, an answer or a line in its log says`() async throws {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with { agent in
                let fifo = try Fifo(agent.folder.path + "/say")
                let targets: [(String, JSON)] = [
                    ("tcp", ["tcp": .string("127.0.0.1:\(receiver.port)")]), ("http", ["http": .string(receiver.url)]),
                    ("log", ["log": "all is well"]),
                ]
                for (name, target) in targets {
                    var probe = target.object ?? JSONObject()
                    probe["interval"] = "10ms"
                    let line = name == "log" ? "cat \(fifo.path); exec sleep 1000" : "exec sleep 1000"
                    try await agent.putService(name, shell: line, ["probe": .object(probe)])
                }
                try await fifo.write("all is well")
                for (name, _) in targets {
                    #expect(try await agent.reached(name, "healthy")["health"] == "healthy", "\(name)")
                }
            }
        }
    }

    @Test func `each change of health is told, both ways`() async throws {
        try await RunningAgent.with { agent in
            let file = agent.folder.path + "/healthy"
            let probe: JSON = ["exec": ["/usr/bin/test", "-e", .string(file)], "interval": "10ms", "threshold": 1]
            close(creat(file, 0o644))
            try await agent.putService("db", shell: "exec sleep 1000", ["probe": probe])
            _ = try await agent.serviceEvent("db", "healthy")
            unlink(file)
            let first = try await agent.serviceEvent("db", "unhealthy")
            close(creat(file, 0o644))
            let after = first["sequence"] ?? nil
            _ = try await agent.serviceEvent("db", "healthy") { ($0["sequence"]?.string ?? "") > (after.string ?? "") }
            #expect(
                try await agent.serviceChanges("db") == [
                    "created", "started", "ready", "healthy", "unhealthy", "healthy",
                ]
            )
        }
    }

    // MARK: sd_notify

    @Test func `what it says of itself is shown, and it may end by itself`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/end")
            let line = """
                exec python3 -c '
                import os, socket
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                def say(text): s.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
                say("WATCHDOG=1\\nSTATUS=serving 7 clients")
                say("READY=1")
                open("\(fifo.path)").read()
                say("STOPPING=1\\nSTATUS=going home")
                '
                """
            let more: JSONObject = ["ready": ["notify": true], "watchdog": "10m", "restart": "never"]
            try await agent.putService("web", shell: line, more)
            let standing = try await agent.reached("web")
            #expect(standing["status"] == "running" && standing["text"] == "serving 7 clients")
            try await fifo.write("")
            _ = try await agent.serviceEvent("web", "unready")
            let exited = try await agent.serviceEvent("web", "exited")
            #expect(exited[at: "data", "exitCode"] == 0)
            #expect(try await agent.service("web")["starts"] == 1)
        }
    }

    // MARK: The end

    @Test func `one that ignores its signal is killed after its grace, with all that it started`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/child")
            let line = """
                trap '' TERM; setsid sleep 1000 & echo $! > \(fifo.path)
                while :; do sleep 0.01; done
                """
            try await agent.putService("web", shell: line, ["stop": ["grace": "50ms"]])
            let child = Int(try await fifo.line())
            let pid = try await agent.reached("web")["pid"]?.integer
            try await agent.order("stop", "web")
            try await agent.reached("web", "stopped")
            #expect(!isAlive(pid) && !isAlive(child))
            let stopped = try await agent.serviceEvent("web", "stopped")
            #expect(stopped[at: "data", "signal"] == 9 && stopped[at: "data", "cause"] == "requested")
        }
    }

    @Test func `it is told to end by the signal that it wants`() async throws {
        try await RunningAgent.with { agent in
            let line = "trap 'echo caught; exit 7' INT; trap '' TERM; echo up; while :; do sleep 0.01; done"
            try await agent.putService("web", shell: line, ["stop": ["signal": "INT"], "ready": ["log": "up"]])
            try await agent.reached("web")
            try await agent.order("stop", "web")
            try await agent.reached("web", "stopped")
            let stopped = try await agent.serviceEvent("web", "stopped")
            #expect(stopped[at: "data", "exitCode"] == 7)
            #expect(try await agent.call("service.logs", ["service": "web"])["data"] == "up\ncaught\n")
        }
    }

    @Test func `what one has left behind does not stand in the way of the next`() async throws {
        try await RunningAgent.with { agent in
            let lock = agent.folder.path + "/lock"
            // Whoever comes next needs the lock, which a child that was left behind would hold for ever.
            let line = "exec 9> \(lock); flock -n 9 || exit 9; setsid sleep 1000 & echo locked; exit 1"
            try await agent.putService("web", shell: line, ["restart": ["delay": "1ms", "limit": 3]])
            let failed = try await agent.serviceEvent("web", "failed")
            #expect(failed[at: "data", "exitCode"] == 1 && failed[at: "data", "starts"] == 3)
            #expect(try await agent.call("service.logs", ["service": "web"])["data"] == "locked\nlocked\nlocked\n")
        }
    }
}
