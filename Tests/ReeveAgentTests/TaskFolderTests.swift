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
        wallClock: ManualWallClock? = nil,
        _ body: @escaping @Sendable (RunningAgent, String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let tasks = folder.path + "/conf.d"
        mkdir(tasks, 0o755)
        for (name, text) in files { try writeDropIn(tasks, name, text) }
        let clock: any WallClock = wallClock ?? ManualWallClock(now: dropInTime)
        try await RunningAgent.with(folder: folder, wallClock: clock, { $0.folders = [DropInFolder(tasks)] }) { agent in
            try await body(agent, tasks)
        }
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

    @Test func `a file that is renamed all the while is never missed`() async throws {
        let folder = try TemporaryFolder()
        for index in 0..<300 { try writeDropIn(folder.path, "f\(index).yaml", "command: [/bin/true]\n") }
        try writeDropIn(folder.path, "a.yaml", Self.backup)
        let dropIns = DropInFolder(folder.path)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var names = [folder.path + "/a.yaml", folder.path + "/z.yaml"]
                while !Task.isCancelled {
                    rename(names[0], names[1])
                    names.swapAt(0, 1)
                }
            }
            for _ in 0..<10 {
                // One that changes all the time may be refused, which takes nothing away.
                guard let paths = try? dropIns.paths() else { continue }
                #expect(paths.count == 301)
            }
            group.cancelAll()
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
        ("tasks: []\nid: x\n", ":2:", "/id: unknown field"), ("endpoints: []\n", ":1:", "/endpoints"),
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
