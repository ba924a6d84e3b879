import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ReeveAgent

/// Services as files of a folder: taken over, changed and removed while the agent runs.
struct ServiceFolderTests {
    private static func with(
        _ files: [(String, String)],
        _ body: @escaping @Sendable (RunningAgent, String) async throws -> Void
    ) async throws {
        try await RunningAgent.with(files: files, bare: .service, body)
    }

    private static let db = "command: [/bin/sleep, \"1000\"]\n"

    @Test func `what is there is taken over, by the file's name, and belongs to it`() async throws {
        let list = "services:\n- name: web\n  command: [/bin/sleep, \"1000\"]\n  requires: [db]\n"
        try await Self.with([("db.yaml", Self.db), ("more.yml", list), (".hidden.yaml", "x"), ("notes.txt", "x")]) {
            agent,
            folder in
            _ = try await agent.serviceEvent("web", "ready")
            #expect(try await agent.service("db")["source"] == .string("folder:\(folder)/db.yaml"))
            let failure = try await agent.failure("service.remove", ["service": "db"])
            #expect(failure?.kind == "conflict" && failure?.data?["owner"] == .string("folder:\(folder)/db.yaml"))
            // What is asked of it by hand is another matter.
            try await agent.order("stop", "db")
            #expect(try await agent.reached("db", "stopped")["status"] == "stopped")
        }
    }

    @Test func `files that come, change and go are followed`() async throws {
        try await Self.with([]) { agent, folder in
            try writeDropIn(folder, "db.yaml", Self.db)
            _ = try await agent.serviceEvent("db", "ready")
            try writeDropIn(folder, "db.yaml", "command: [/bin/sleep, \"1001\"]\n")
            let stopped = try await agent.serviceEvent("db", "stopped")
            #expect(stopped[at: "data", "cause"] == "changed")
            _ = try await agent.serviceEvent("db", "ready") { $0[at: "data", "starts"] == 2 }
            unlink(folder + "/db.yaml")
            let removed = try await agent.serviceEvent("db", "removed")
            #expect(removed[at: "data", "by"] == .string("folder:\(folder)/db.yaml"))
            #expect(try await agent.failure("service.stop", ["service": "db"])?.kind == "notFound")
        }
    }

    @Test func `a bad file changes nothing of what it said, and what is wrong is told`() async throws {
        try await Self.with([("db.yaml", Self.db)]) { agent, folder in
            _ = try await agent.serviceEvent("db", "ready")
            try writeDropIn(folder, "db.yaml", "command: [/bin/sleep, \"1000\"]\nredy: {notify: true}\n")
            try await agent.looked(folder)
            #expect(try await agent.service("db")["status"] == "running")
            let report = try await agent.call("engine.report")
            let problems = report[at: "manifolds", "folders", "report", "problems"]?.array
            #expect(problems?.count == 1)
            let problem = problems?.first?.string ?? ""
            #expect(problem.hasPrefix("\(folder)/db.yaml:2:"))
            #expect(problem.contains("/redy: unknown field") && problem.contains("ready"))
            let degraded = try await agent.call("agent.status")["degraded"]
            #expect(degraded == [["part": "folders", "state": "started", "reason": .string(problem)]])
        }
    }

    @Test(arguments: [0o666, 0o664] as [mode_t])
    func `a file or a folder that others may write is refused`(mode: mode_t) async throws {
        let folder = try TemporaryFolder()
        try writeDropIn(folder.path, "db.yaml", Self.db, mode: mode)
        let part = "others than root and the agent's user may change it"
        let error = #expect(throws: ConfigurationError.self) { try serviceFile(folder.path + "/db.yaml") }
        #expect(error?.description.contains(part) == true)
        chmod(folder.path, mode | 0o111)
        let other = #expect(throws: ConfigurationError.self) { try DropInFolder(folder.path).contents() }
        #expect(other?.description.contains(part) == true)
    }

    @Test func `a folder that cannot be read takes nothing away, and one that comes again is followed`() async throws {
        try await Self.with([("db.yaml", Self.db)]) { agent, folder in
            _ = try await agent.serviceEvent("db", "ready")
            // No folder of ours while others may put files into it: so nothing is known of what is in there.
            chmod(folder, 0o777)
            try writeDropIn(folder, "web.yaml", Self.db)
            try writeDropIn(folder, "db.yaml", "command: [/bin/sleep, \"1001\"]\n")
            chmod(folder, 0o755)
            _ = try await agent.serviceEvent("web", "ready")
            _ = try await agent.serviceEvent("db", "ready") { $0[at: "data", "starts"] == 2 }
            // Away, as with what it is on: that takes nothing away either.
            let away = folder + ".away"
            #expect(rename(folder, away) == 0)
            try await agent.putService("by-hand", shell: "exec sleep 1000")
            try await agent.reached("by-hand")
            #expect(try await agent.service("web")["status"] == "running")
            mkdir(folder, 0o755)
            try writeDropIn(folder, "later.yaml", Self.db)
            _ = try await agent.serviceEvent("later", "ready")
            _ = try await agent.serviceEvent("db", "removed")
        }
    }

    @Test func `a service that moves to another file runs on`() async throws {
        try await Self.with([("db.yaml", Self.db)]) { agent, folder in
            let before = try await agent.serviceEvent("db", "ready")
            let list = "services:\n- name: db\n  command: [/bin/sleep, \"1000\"]\n- name: web\n  command: [/bin/true]\n"
            try writeDropIn(folder, "all.yaml", list)
            unlink(folder + "/db.yaml")
            _ = try await agent.serviceEvent("web", "created")
            try writeDropIn(folder, "z.yaml", Self.db)
            _ = try await agent.serviceEvent("z", "ready")
            let after = try await agent.service("db")
            #expect(after["source"] == .string("folder:\(folder)/all.yaml"))
            #expect(after["pid"] == before[at: "data", "pid"])
            #expect(try await agent.serviceChanges("db") == ["created", "started", "ready"])
        }
    }

    private static func list(_ services: [(name: String, requires: [String])]) -> String {
        let entries = services.map { name, requires in
            "- {name: \(name), command: [/bin/sleep, \"1000\"], requires: [\(requires.joined(separator: ", "))]}\n"
        }
        return "services:\n" + entries.joined()
    }

    @Test func `who requires whom may be turned round, in one file and over several`() async throws {
        let (one, other) = (Self.list([("a", ["b"]), ("b", [])]), Self.list([("c", ["d"])]))
        try await Self.with([("1.yaml", one), ("2.yaml", other), ("3.yaml", Self.list([("d", [])]))]) { agent, folder in
            for name in ["a", "c"] { _ = try await agent.serviceEvent(name, "ready") }
            try writeDropIn(folder, "1.yaml", Self.list([("b", ["a"]), ("a", [])]))
            _ = try await agent.serviceEvent("b", "ready") { $0[at: "data", "starts"] == 2 }
            // Half of it is a circle with what the other file says still.
            try writeDropIn(folder, "3.yaml", Self.list([("d", ["c"])]))
            try writeDropIn(folder, "2.yaml", Self.list([("c", [])]))
            _ = try await agent.serviceEvent("d", "ready") { $0[at: "data", "starts"] == 2 }
            try await agent.looked(folder)
            let report = try await agent.call("engine.report")
            #expect(report[at: "manifolds", "folders", "report", "problems"] == [])
            #expect(report[at: "manifolds", "folders", "report", "watched"] == true)
        }
    }

    @Test func `a folder that comes later is followed, with the folders above it`() async throws {
        let folder = try TemporaryFolder()
        let services = folder.path + "/etc/reeve/services.d"
        try await RunningAgent.with(folder: folder, { $0.folders = [DropInFolder(services, bare: .service)] }) {
            agent in
            let report = try await agent.call("engine.report")
            #expect(report[at: "manifolds", "folders", "report", "watched"] == true)
            for path in [folder.path + "/etc", folder.path + "/etc/reeve", services] {
                #expect(mkdir(path, 0o755) == 0)
            }
            try writeDropIn(services, "db.yaml", Self.db)
            _ = try await agent.serviceEvent("db", "ready")
        }
    }

    @Test func `a link to a file is heard of, and so is its end`() async throws {
        try await Self.with([]) { agent, folder in
            let outside = agent.folder.path + "/outside"
            mkdir(outside, 0o755)
            try writeDropIn(outside, "db.yaml", Self.db)
            #expect(symlink(outside + "/db.yaml", folder + "/db.yaml") == 0)
            _ = try await agent.serviceEvent("db", "ready")
            unlink(folder + "/db.yaml")
            _ = try await agent.serviceEvent("db", "removed")
        }
    }

    @Test func `files that are good alone are looked at together`() throws {
        let folder = try TemporaryFolder()
        let texts = [
            Self.list([("a", ["b"]), ("free", ["a"])]), Self.list([("b", ["a"])]), Self.list([("a", [])]),
        ]
        for (index, text) in texts.enumerated() { try writeDropIn(folder.path, "\(index).yaml", text) }
        let files = try (try DropInFolder(folder.path).contents()?.paths ?? []).map { try serviceFile($0) }
        #expect(
            DropInFile.problems(among: Array(files.dropLast())) == [
                "\(folder.path)/0.yaml: service \"a\" closes a circle: a requires b requires a"
            ]
        )
        #expect(
            DropInFile.problems(among: files) == [
                "\(folder.path)/2.yaml: service \"a\" is in \(folder.path)/0.yaml already"
            ]
        )
    }

    @Test(arguments: [
        ("services:\n- {name: a, command: [a]}\n- {name: b, command: [b]}\n- {name: a, command: [c]}", ":4:"),
        ("a: [", ":"), ("[]", "is an array, not a service"), ("services: {}", "/services"),
        ("services: []\nname: x", "/name: unknown field"), ("command: []", "/command: names no program"),
        ("services:\n- {name: a, command: [a], ready: {tcp: \"a:0\"}}", ":2:"),
    ])
    func `what is wrong in a file is said with its place`(text: String, part: String) throws {
        let folder = try TemporaryFolder()
        try writeDropIn(folder.path, "db.yaml", text)
        let error = #expect(throws: ConfigurationError.self) { try serviceFile(folder.path + "/db.yaml") }
        #expect(error?.description.hasPrefix(folder.path + "/db.yaml") == true)
        #expect(error?.description.contains(part) == true)
    }
}
