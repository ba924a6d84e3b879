import Glibc
import JSON
import Testing
import TestSupport

/// Files of tasks with both real programs: applied by hand, and dropped in.
@Suite(.timeLimit(.minutes(5)))
struct TaskFileCommandTests {
    private static func running(_ body: (Daemon) async throws -> Void) async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            try await body(daemon)
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    private static let site = """
        tasks:
        - id: backup
          schedule: {cron: "0 3 * * *"}
          command: [/bin/true]
        - {id: report, command: [/bin/true]}

        """

    @Test func `a set of files is applied as one, pruned, and shown before`() async throws {
        try await Self.running { daemon in
            let folder = daemon.estate.folder.path
            try writeFile(folder + "/site.yaml", Self.site)
            #expect(try await daemon.shell("$reeve add mine -c true") != "")
            let apply = "$reeve apply -f site.yaml --set site --prune"
            #expect(try await daemon.shell(apply) == "backup\tcreated\t-\nreport\tcreated\t-\n")
            try writeFile(
                folder + "/site.yaml",
                Self.site.replacing("0 3", with: "0 4").replacing("- {id: report, command: [/bin/true]}\n", with: "")
            )
            let changes = "backup\tchanged\tschedule.cron: 0 3 * * * → 0 4 * * *\nreport\tremoved\t-\n"
            let dry = try await daemon.shell(apply + " --dry-run")
            #expect(dry.contains(changes) && dry.contains("nothing was changed (--dry-run)\n"), "\(dry)")
            #expect(try await daemon.shell("$reeve show backup").contains("0 3 * * *"))
            #expect(try await daemon.shell(apply) == changes)
            #expect(try await daemon.shell("$reeve ls 2>/dev/null | cut -f1") == "backup\nmine\n")
            let usage = try await daemon.shell("$reeve apply -f site.yaml --prune", code: 2)
            #expect(usage.contains("--prune needs --set"))
        }
    }

    @Test func `what is wrong is said with file and line, and nothing is put`() async throws {
        try await Self.running { daemon in
            let folder = daemon.estate.folder.path
            try writeFile(
                folder + "/bad.yaml",
                Self.site.replacing("0 3", with: "0 25").replacing("{id: report", with: "{id: r/")
            )
            let told = try await daemon.shell("$reeve apply -f bad.yaml", code: 1)
            #expect(told.contains("bad.yaml:3:14: error: /schedule/cron: "), "\(told)")
            #expect(told.contains("bad.yaml:5:4: error: /id: "), "\(told)")
            #expect(told.hasSuffix("reeve: nothing was changed\n"), "\(told)")
            let json = try await daemon.shell(
                "$reeve --json apply -f bad.yaml 2>&1 || $reeve apply --json -f bad.yaml",
                code: 1
            )
            #expect(json.contains(#""problems":["#), "\(json)")
            #expect(try await daemon.shell("$reeve ls 2>/dev/null") == "")
        }
    }

    @Test func `a file dropped into the folder is a task, a bad one is named, and it goes with its file`() async throws
    {
        try await Self.running { daemon in
            let folder = daemon.estate.folder.path + "/conf.d"
            mkdir(folder, 0o755)
            func event(_ lane: String, _ type: String) async throws {
                try await daemon.call("event.list", ["lane": .string(lane), "type": .string(type), "wait": "60s"])
            }
            try writeFile(folder + "/hello.yaml", "command: [/bin/echo, hello]\n")
            try await event("task:hello", "dev.reeve.task.created")
            #expect(try await daemon.shell("$reeve run hello") == "hello\n")
            let refused = try await daemon.shell("$reeve rm hello", code: 1)
            #expect(refused.contains("belongs to folder:\(folder)/hello.yaml"), "\(refused)")
            let unchanged = try await daemon.shell("EDITOR=false $reeve edit hello", code: 1)
            #expect(unchanged.contains("belongs to \(folder)/hello.yaml and can be changed only there"), "\(unchanged)")
            try writeFile(folder + "/bad.yaml", "comand: [/bin/true]\n")
            try writeFile(folder + "/z.yaml", "command: [/bin/true]\n")
            try await event("task:z", "dev.reeve.task.created")
            let status = try await daemon.shell("$reeve status", code: 0)
            #expect(status.contains("\(folder)/bad.yaml:1:1: /comand: unknown field"), "\(status)")
            let configuration = daemon.estate.folder.path + "/reeve.yaml"
            let (end, said) = try await Child.run(
                [Products.reeved, "--check-config", "--config", configuration],
                in: daemon.estate.folder
            )
            #expect(end == .exited(1) && said.contains("\(folder)/bad.yaml:1:1: /comand"), "\(said)")
            unlink(folder + "/hello.yaml")
            try await event("task:hello", "dev.reeve.task.removed")
            #expect(try await daemon.shell("$reeve run hello", code: 125).contains("there is no task"))
        }
    }
}
