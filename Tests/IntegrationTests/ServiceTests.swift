import Glibc
import JSON
import TestSupport
import Testing

/// Services under the real daemon: when its plug is pulled, and when it is the first process of a container.
@Suite(.timeLimit(.minutes(5)))
struct ServiceTests {
    /// Says `NAME up` into a file shared by all, and `NAME down` when it is told to end.
    private static func line(_ name: String, _ estate: Estate) -> String {
        """
        trap 'echo \(name) down >> \(estate.folder.path)/order; exit 0' TERM
        echo \(name) up >> \(estate.folder.path)/order; echo ready
        while :; do read line < \(estate.folder.path)/never || sleep 0.01; done
        """
    }

    private static func put(
        _ daemon: Daemon,
        _ name: String,
        _ line: String,
        _ more: JSONObject = [:]
    ) async throws {
        var service: JSONObject = ["name": .string(name), "command": ["/bin/sh", "-c", .string(line)]]
        service.members += more.members
        try await daemon.call("service.put", ["service": .object(service)])
    }

    private static func putTree(_ daemon: Daemon) async throws {
        _ = try Fifo(daemon.estate.folder.path + "/never")
        for (name, required) in [("proxy", ["web"]), ("web", ["db"]), ("db", [])] {
            let requires = JSON.array(required.map(JSON.string))
            try await put(daemon, name, line(name, daemon.estate), ["ready": ["log": "ready"], "requires": requires])
        }
        for name in ["db", "web", "proxy"] { try await ready(daemon, name) }
    }

    @discardableResult
    private static func ready(_ daemon: Daemon, _ name: String) async throws -> JSON {
        try await daemon.call("service.wait", ["service": .string(name), "until": "ready", "deadline": "60s"])
    }

    private static func order(_ estate: Estate) throws -> [String] {
        try readFile(estate.folder.path + "/order").split(separator: "\n").map(String.init)
    }

    @Test func `what a killed agent has left is ended by the next one, told as lost, and started anew`() async throws {
        let estate = try Estate()
        let child = try Fifo(estate.folder.path + "/child")
        let left = try await estate.running { daemon -> [pid_t] in
            try await Self.put(daemon, "web", "setsid sleep 600 & echo $! > \(child.path); exec sleep 600")
            let grandchild = try #require(pid_t(try await child.line()))
            let pid = try #require(try await Self.ready(daemon, "web")["pid"]?.integer)
            await daemon.killed()
            return [pid_t(pid), grandchild]
        }
        for pid in left { #expect(try !isDead(pid)) }
        try await estate.running { daemon in
            _ = try await child.line()
            let standing = try await Self.ready(daemon, "web")
            #expect(standing["starts"] == 2)
            for pid in left { #expect(try isDead(pid)) }
            let events = try await daemon.call(
                "event.list",
                ["lane": "service:web", "type": "dev.reeve.service.exited"]
            )
            #expect(events[at: "events", "0", "data", "cause"] == "agentCrashed")
            // In order, so that this test leaves no process behind.
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `a signal ends services in order, those that require others first`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            try await Self.putTree(daemon)
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
        #expect(try Self.order(estate) == ["db up", "web up", "proxy up", "proxy down", "web down", "db down"])
    }

    @Test func `a folder of services beside the configuration is taken over, also if it comes later`() async throws {
        let estate = try Estate()
        let folder = estate.folder.path + "/services.d"
        try await estate.running { daemon in
            mkdir(folder, 0o755)
            try writeFile(folder + "/web.yaml", "command: [/bin/sleep, \"600\"]\n")
            _ = try await daemon.call(
                "event.list",
                ["lane": "service:web", "type": "dev.reeve.service.ready", "wait": "60s"]
            )
            #expect(try await daemon.call("service.get", ["service": "web"])["status"] == "running")
            #expect(try await daemon.call("service.get", ["service": "web"])["starts"] == 1)
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    // MARK: The first process of a container

    @Test(.enabled(if: geteuid() == 0, "a PID namespace needs root"))
    func `as the first process of a namespace it reaps orphans, and ends its services in order`() async throws {
        let estate = try Estate()
        let wrapper = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]
        try await estate.running(wrapped: wrapper) { daemon in
            let first = try #require(try Self.children(of: daemon.child.pid).first)
            #expect(try await daemon.call("agent.status")["pid"] == 1)
            try await Self.putTree(daemon)
            // Each ends as nobody's child but that of the first process, whose pid it never knew.
            let orphans = "for n in 1 2 3 4 5 6 7 8 9 10; do (setsid sh -c 'sleep 0.0$RANDOM' &); done; exit 0"
            try await Self.put(daemon, "orphans", orphans, ["restart": "never"])
            try await daemon.call("service.wait", ["service": "orphans", "deadline": "60s"])
            // Another service's end, which is waited for in the same way, is told right in the middle of that.
            try await Self.put(daemon, "seven", "exit 7", ["restart": "never"])
            let seven = try await daemon.call("service.wait", ["service": "seven", "deadline": "60s"])
            #expect(seven["exitCode"] == 7)
            while try Self.children(of: first).contains(where: Self.isZombie) { try await daemon.call("agent.ping") }
            kill(first, SIGTERM)
            #expect(try await daemon.ended() == .exited(0), "\(estate.log)")
        }
        #expect(try Self.order(estate) == ["db up", "web up", "proxy up", "proxy down", "web down", "db down"])
    }

    private static func children(of pid: pid_t) throws -> [pid_t] {
        // A thread may be gone by now: then its file is empty.
        try names(in: "/proc/\(pid)/task").flatMap { task in
            try readFile("/proc/\(pid)/task/\(task)/children").split { $0 == " " || $0 == "\n" }.compactMap {
                pid_t($0)
            }
        }
    }

    private static func isZombie(_ pid: pid_t) -> Bool {
        guard let text = try? readFile("/proc/\(pid)/stat") else { return false }
        return text[(text.lastIndex(of: ")") ?? text.startIndex)...].hasPrefix(") Z")
    }
}
