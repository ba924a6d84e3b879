import Glibc
import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// Tasks as files of a folder: taken over, changed and removed while the agent runs.
struct TaskFolderTests {
    private static func with(
        _ files: [(String, String)],
        clock: any Clock<Duration> = ContinuousClock(),
        wallClock: ManualWallClock? = nil,
        _ body: @escaping @Sendable (RunningAgent, String) async throws -> Void
    ) async throws {
        let wallClock = wallClock ?? ManualWallClock(now: dropInTime)
        try await RunningAgent.with(files: files, bare: .task, clock: clock, wallClock: wallClock, body)
    }

    private static let backup = "schedule: {cron: \"0 3 * * *\"}\ncommand: [/bin/true]\n"

    @Test func `a file is a task of its name, or holds lists of tasks and services, and they belong to it`()
        async throws
    {
        let lists = """
            tasks:
            - {id: report, schedule: {rate: 1h}, command: [/bin/true]}
            services:
            - {name: db, command: [/bin/sleep, "1000"]}
            """
        try await Self.with([("backup.yaml", Self.backup), ("more.yml", lists)]) { agent, folder in
            _ = try await agent.serviceEvent("db", "ready")
            let source = JSON.string("folder:\(folder)/backup.yaml")
            let task = try await agent.call("task.get", ["task": "backup"])
            #expect(task["source"] == source && task["by"] == source)
            #expect(task[at: "task", "schedule", "cron"] == "0 3 * * *")
            #expect(
                try await agent.call("task.get", ["task": "report"])["source"] == .string("folder:\(folder)/more.yml")
            )
            for (method, parameters) in [
                ("task.put", ["task": ["id": "backup", "command": ["/bin/false"]]]),
                ("task.remove", ["task": "backup"]),
                ("task.apply", ["tasks": [["id": "backup", "command": ["/bin/false"]]]]),
            ] as [(String, JSON)] {
                let failure = try await agent.failure(method, parameters)
                #expect(failure?.kind == "conflict" && failure?.data?["owner"] == source)
            }
            // To run and to pause it is another matter.
            try await agent.call("task.pause", ["task": "backup"])
            _ = try await agent.runToEnd("backup")
        }
    }

    @Test func `files that come, change and go are followed, a pause survives, and what goes leaves its numbers`()
        async throws
    {
        try await Self.with([]) { agent, folder in
            try writeDropIn(folder, "backup.yaml", Self.backup)
            _ = try await agent.taskEvent("backup", "created")
            try await agent.call("task.pause", ["task": "backup"])
            try writeDropIn(folder, "backup.yaml", Self.backup.replacing("0 3", with: "0 4"))
            _ = try await agent.taskEvent("backup", "changed")
            let changed = try await agent.call("task.get", ["task": "backup"])
            #expect(changed[at: "task", "revision"] == 2 && changed["paused"] != nil)
            unlink(folder + "/backup.yaml")
            let removed = try await agent.taskEvent("backup", "removed")
            #expect(removed[at: "data", "by"] == .string("folder:\(folder)/backup.yaml"))
            try writeDropIn(folder, "again.yaml", "id: backup\n" + Self.backup)
            _ = try await agent.taskEvent("backup", "created") { $0[at: "data", "revision"] == 3 }
            #expect(try await agent.call("task.get", ["task": "backup"])[at: "task", "revision"] == 3)
        }
    }

    @Test func `a bad file changes nothing of what it said, and says where it is wrong`() async throws {
        let two = "tasks:\n- {id: a, command: [/bin/true]}\n- {id: b, command: [/bin/true]}\n"
        try await Self.with([("two.yaml", two)]) { agent, folder in
            _ = try await agent.taskEvent("b", "created")
            // Its first half is good, and not taken over either.
            let bad =
                "tasks:\n- {id: a, command: [/bin/false]}\n- {id: b, command: [/bin/true], schedule: {cron: \"0 25 * * *\"}}\n"
            try writeDropIn(folder, "two.yaml", bad)
            try await agent.looked(folder)
            #expect(try await agent.call("task.get", ["task": "a"])[at: "task", "revision"] == 1)
            let degraded = try await agent.call("agent.status")["degraded"]?.array
            let reason = degraded?.first?["reason"]?.string ?? ""
            #expect(degraded?.count == 1 && reason.hasPrefix("\(folder)/two.yaml:3:") && reason.contains("25"))
            try writeDropIn(folder, "two.yaml", two)
            try await agent.looked(folder, "again")
            #expect(try await agent.call("agent.status")["degraded"] == [])
        }
    }

    @Test func `a file that is being written is left until it has been closed`() async throws {
        try await Self.with([("backup.yaml", Self.backup)]) { agent, folder in
            _ = try await agent.taskEvent("backup", "created")
            let path = folder + "/backup.yaml"
            let file = open(path, O_WRONLY | O_TRUNC)
            // What is there now would be a task of its own.
            write(file, "command: [/bin/false]\n", 22)
            try await agent.looked(folder)
            #expect(try await agent.call("task.get", ["task": "backup"])[at: "task", "revision"] == 1)
            let degraded = try await agent.call("agent.status")["degraded"]?.array
            #expect(
                degraded?.first?["reason"]?.string == "\(path): is being written: it is read when it has been closed"
            )
            write(file, "schedule: {rate: 5m}\n", 21)
            close(file)
            let changed = try await agent.taskEvent("backup", "changed")
            #expect(changed[at: "data", "revision"] == 2)
            #expect(try await agent.call("task.get", ["task": "backup"])[at: "task", "schedule", "rate"] == "5m")
        }
    }

    @Test func `a task that moves to another file goes on with its revision`() async throws {
        try await Self.with([("backup.yaml", Self.backup)]) { agent, folder in
            _ = try await agent.taskEvent("backup", "created")
            try writeDropIn(
                folder,
                "all.yaml",
                "tasks:\n- {id: backup, schedule: {cron: \"0 3 * * *\"}, command: [/bin/true]}\n"
            )
            unlink(folder + "/backup.yaml")
            try await agent.looked(folder)
            let task = try await agent.call("task.get", ["task": "backup"])
            #expect(task["source"] == .string("folder:\(folder)/all.yaml") && task[at: "task", "revision"] == 1)
        }
    }

    @Test func `what is written anew or renamed is not lost for a moment: neither its pause nor its runs`() async throws
    {
        let clock = ManualClock()
        let sleeper = "id: a\ncommand: [/bin/sleep, \"1000\"]\nonChange: stop\n"
        try await Self.with([("a.yaml", sleeper)], clock: clock) { agent, folder in
            _ = try await agent.taskEvent("a", "created")
            try await agent.call("task.pause", ["task": "a"])
            try await agent.call("task.run", ["task": "a"])
            let away = agent.folder.path + "/away"
            #expect(rename(folder + "/a.yaml", away) == 0)
            try await agent.looked(folder)
            clock.advance(by: .milliseconds(999))
            #expect(rename(away, folder + "/b.yaml") == 0)
            try await agent.looked(folder, "again")
            let task = try await agent.call("task.get", ["task": "a"])
            #expect(task["paused"] != nil && task[at: "task", "revision"] == 1)
            #expect(task["source"] == .string("folder:\(folder)/b.yaml") && task["running"]?.array?.count == 1)
            // Away for good, it is gone a second later.
            #expect(unlink(folder + "/b.yaml") == 0)
            try await agent.looked(folder, "gone")
            clock.advance(by: .seconds(1))
            _ = try await agent.taskEvent("a", "removed")
            let run = try await agent.call("run.wait", ["run": "a/1"])
            #expect(run[at: "run", "outcome"] == "canceled")
        }
    }

    @Test func `a task that moves to another folder goes on, also if its own goes away`() async throws {
        let folder = try TemporaryFolder()
        let (one, other) = (folder.path + "/one", folder.path + "/other")
        for path in [one, other] { mkdir(path, 0o755) }
        try writeDropIn(one, "a.yaml", "id: a\n" + Self.backup)
        let folders = [DropInFolder(other), DropInFolder(one, isNamed: true)]
        try await RunningAgent.with(folder: folder, { $0.folders = folders }) { agent in
            _ = try await agent.taskEvent("a", "created")
            try writeDropIn(other, "b.yaml", "id: a\n" + Self.backup)
            #expect(unlink(one + "/a.yaml") == 0 && rmdir(one) == 0)
            try await agent.looked(other)
            let task = try await agent.call("task.get", ["task": "a"])
            #expect(task["source"] == .string("folder:\(other)/b.yaml") && task[at: "task", "revision"] == 1)
            let degraded = try await agent.call("agent.status")["degraded"]?.array?.map { $0["reason"]?.string }
            #expect(degraded == ["\(one): is not there"])
            try writeDropIn(other, "b.yaml", "id: a\n" + Self.backup.replacing("0 3", with: "0 4"))
            _ = try await agent.taskEvent("a", "changed")
        }
    }

    @Test func `a folder that is named and not there takes nothing away, also not of the one before it`() async throws {
        let folder = try TemporaryFolder()
        let (right, typo) = (folder.path + "/conf.d", folder.path + "/conf.b")
        mkdir(right, 0o755)
        try writeDropIn(right, "a.yaml", Self.backup)
        func live(_ folders: [DropInFolder], _ body: @escaping @Sendable (RunningAgent) async throws -> Void)
            async throws
        {
            try await RunningAgent.with(folder: folder, { $0.folders = folders }, body)
        }
        try await live([DropInFolder(right, isNamed: true)]) { _ = try await $0.taskEvent("a", "created") }
        try await live([DropInFolder(typo, isNamed: true)]) { agent in
            var reasons: [String?]? = []
            while reasons == [] {
                reasons = try await agent.call("agent.status")["degraded"]?.array?.map { $0["reason"]?.string }
            }
            #expect(reasons == ["\(typo): is not there: until it is, 1 tasks, services and endpoints from files stay"])
            #expect(try await agent.call("task.get", ["task": "a"])[at: "task", "revision"] == 1)
        }
        try await live([DropInFolder(folder.path + "/none")]) { _ = try await $0.taskEvent("a", "removed") }
    }

    @Test func `what somebody else has put is taken over when it is gone`() async throws {
        try await Self.with([]) { agent, folder in
            try await agent.call("task.put", ["task": ["id": "a", "command": ["/bin/false"]]])
            try writeDropIn(folder, "a.yaml", Self.backup)
            try await agent.looked(folder)
            let degraded = try await agent.call("agent.status")["degraded"]?.array
            #expect(degraded?.first?["reason"]?.string?.contains("belongs to rpc") == true)
            try await agent.call("task.remove", ["task": "a"])
            let created = try await agent.taskEvent("a", "created") { $0[at: "data", "revision"] == 2 }
            #expect(created[at: "data", "source"] == .string("folder:\(folder)/a.yaml"))
        }
    }

    @Test func `a link to a file that is being written is read when that has been closed`() async throws {
        try await Self.with([]) { agent, folder in
            let target = agent.folder.path + "/target.yaml"
            let file = open(target, O_WRONLY | O_CREAT, 0o644)
            #expect(symlink(target, folder + "/a.yaml") == 0)
            try await agent.looked(folder)
            #expect(try await agent.failure("task.get", ["task": "a"])?.kind == "notFound")
            write(file, "command: [/bin/true]\n", 21)
            close(file)
            _ = try await agent.taskEvent("a", "created")
        }
    }

    @Test func `a time that is over is no error where the task has been there before it was`() async throws {
        let clock = ManualWallClock(now: dropInTime)
        let single = "schedule: {at: \"2026-11-21T03:30:00\"}\ncommand: [/bin/true]\n"
        try await Self.with([("single.yaml", single)], wallClock: clock) { agent, folder in
            _ = try await agent.taskEvent("single", "created")
            clock.advance(by: .minutes(60))
            _ = try await agent.taskEvent("single", "completed")
            try writeDropIn(folder, "late.yaml", single)
            try await agent.looked(folder)
            let degraded = try await agent.call("agent.status")["degraded"]?.array
            let reason = degraded?.first?["reason"]?.string ?? ""
            #expect(
                degraded?.count == 1 && reason.hasPrefix("\(folder)/late.yaml:1:") && reason.contains("in the past")
            )
        }
    }

    @Test func `a task in two files belongs to the first, and is told of the other`() async throws {
        try await Self.with([("a.yaml", "id: x\n" + Self.backup)]) { agent, folder in
            _ = try await agent.taskEvent("x", "created")
            try writeDropIn(folder, "b.yaml", "id: x\ncommand: [/bin/false]\n")
            try await agent.looked(folder)
            let degraded = try await agent.call("agent.status")["degraded"]?.array
            let reason = degraded?.first?["reason"]?.string ?? ""
            #expect(reason.hasPrefix("\(folder)/b.yaml: ") && reason.contains("belongs to folder:\(folder)/a.yaml"))
            // When the first goes it is the other's.
            unlink(folder + "/a.yaml")
            let changed = try await agent.taskEvent("x", "changed")
            #expect(changed[at: "data", "source"] == .string("folder:\(folder)/b.yaml"))
        }
    }

    @Test(arguments: [
        (
            "tasks:\n- {id: a, command: [a]}\n- {id: a, command: [b]}\n", ":3:",
            "\"a\" is an earlier task's in this file"
        ),
        ("tasks: {}\n", ":1:", "/tasks"), ("[]\n", "", "is an array, not a task"),
        ("tasks: []\nid: x\n", ":2:", "/id: unknown field"), ("endpoints:\n", ":1:", "/endpoints"),
        ("tasks:\nservices: []\n", ":1:", "/tasks: holds nothing"), ("# nothing\n", "", "is empty"),
        ("schedule: {cron: \"61 * * * *\"}\ncommand: [a]\n", ":1:", "61"), ("comand: [a]\n", ":1:", "/comand"),
        ("command: [a]\ngroup: a b\n", ":2:", "/group"),
    ])
    func `what is wrong in a file is said with its place`(text: String, place: String, part: String) throws {
        let folder = try TemporaryFolder()
        try writeDropIn(folder.path, "a.yaml", text)
        let error = #expect(throws: ConfigurationError.self) { try taskFile(folder.path + "/a.yaml") }
        #expect(error?.description.hasPrefix(folder.path + "/a.yaml" + place) == true)
        #expect(error?.description.contains(part) == true)
    }
}
