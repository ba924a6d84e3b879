import Glibc
import JSON
import Testing
import TestSupport

/// `reeved --check-config`, and what a start says of the same mistakes.
@Suite(.timeLimit(.minutes(5)))
struct ConfigurationTests {
    @Test func `a good configuration is said to be good`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/reeve.yaml"
        try writeFile(path, "runner:\n  concurrency: 4\n  history: {perTask: 10}\nlog: {level: debug}\n")
        let answer = try await Child.run([Products.reeved, "--check-config", "--config", path], in: folder)
        #expect(answer.end == .exited(0))
        #expect(answer.output == "\(path): good\n")
    }

    @Test(arguments: [
        ("runner:\n  concurency: 4\n", ":2:", "concurrency"),
        ("runner:\n  concurrency: many\n", ":2:", "whole number"),
        ("runner:\n  concurrency: 0\n", ":2:", "1 to 10000"),
        ("log: {level: info}\nendpoints:\n  - {name: ops, kind: webhook, url: \"nowhere\"}\n", ":3:", "http"),
        ("scheduler: {timeZone: Europe/Nowhere}\n", "", "Europe/Nowhere"),
        ("agent:\n  labels: {site: berlin}\n", ":2:", "not supported by this version"),
        ("endpoints: [{name: a, kind: webhook, url: 'http://a/', secret: {generate: true}}]\n", ":1:", "shown once"),
        ("folders:\n  - conf.d\n", ":2:", "an absolute path"), ("folders: [/a/b/]\n", ":1:", "/ at its end"),
        ("folders: [/a, /b/../a]\n", ":1:", "an absolute path"), ("folders: [/a, /a]\n", ":1:", "in the list already"),
        ("endpoints:\n  - {name: a, kind: queue}\n  - {name: a, kind: queue}\n", ":3:", "in the list already"),
        ("runner: [\n", ":", ""),
    ])
    func `a bad one is refused with file, line and what is right`(
        text: String,
        place: String,
        hint: String
    ) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/reeve.yaml"
        try writeFile(path, text)
        let arguments = ["--config", path, "--state-directory", folder.path + "/d", "--socket", folder.path + "/s"]
        for check in [["--check-config"], []] {
            let answer = try await Child.run([Products.reeved] + arguments + check, in: folder)
            #expect(answer.end == .exited(1))
            if !place.isEmpty { #expect(answer.output.contains(path + place), "\(answer.output)") }
            #expect(answer.output.contains(hint), "\(answer.output)")
        }
        #expect(!names(in: folder.path).contains("s"))
    }

    @Test func `the example with every key is good`() async throws {
        let folder = try TemporaryFolder()
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let path = "/\(root)/contrib/examples/reeve.yaml"
        let answer = try await Child.run([Products.reeved, "--check-config", "--config", path], in: folder)
        #expect(answer.end == .exited(0), "\(answer.output)")
    }

    @Test func `a file that was named has to be there`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/missing.yaml"
        let answer = try await Child.run([Products.reeved, "--check-config", "--config", path], in: folder)
        #expect(answer.end == .exited(1))
        #expect(answer.output.contains("\(path): cannot be read: no such file or directory"))
    }

    @Test func `the configuration says which folders are looked at, and those beside it are by default`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/reeve.yaml"
        for name in ["conf.d", "more", "services.d"] { mkdir("\(folder.path)/\(name)", 0o755) }
        try writeFile(folder.path + "/conf.d/here.yaml", "command: [/bin/true]\n")
        try writeFile(folder.path + "/more/there.yaml", "command: [/bin/true]\n")
        try writeFile(folder.path + "/services.d/db.yaml", "command: [/bin/true]\n")
        for (text, names) in [
            ("{}\n", ["task here", "service db"]),
            ("folders: [\(folder.path)/more, \(folder.path)/services.d]\n", ["task there", "service db"]),
            ("folders: []\n", ["service db"]), ("folders: [\(folder.path)/typo]\n", ["service db"]),
        ] {
            try writeFile(path, text)
            let answer = try await Child.run([Products.reeved, "--check-config", "--config", path], in: folder)
            let found = answer.output.split(separator: "\n").filter { $0.contains(": good (") }.map { line in
                String(line.drop { $0 != "(" }.dropFirst().dropLast())
            }
            #expect(answer.end == .exited(0) && found == names, "\(answer.output)")
            #expect(answer.output.contains("\(folder.path)/typo: warning: is not there now") == text.contains("typo"))
        }
        try writeFile(folder.path + "/services.d/db.yaml", "command: [/no/such]\n")
        try writeFile(folder.path + "/conf.d/here.yaml", "command: [/no/such]\n")
        try writeFile(path, "{}\n")
        let warned = try await Child.run([Products.reeved, "--check-config", "--config", path], in: folder)
        for file in ["conf.d/here.yaml: warning: task here: step main", "services.d/db.yaml: warning: service db"] {
            #expect(warned.output.contains("/\(file): the program /no/such is not there now\n"), "\(warned.output)")
        }
    }

    @Test func `an option that is unknown is a mistake of usage`() async throws {
        let folder = try TemporaryFolder()
        let answer = try await Child.run([Products.reeved, "--socet", "x"], in: folder)
        #expect(answer.end == .exited(2))
        #expect(answer.output.contains("--socet"))
    }
    @Test func `a reload takes over what has changed, by the command and by SIGHUP, and a bad file changes nothing`()
        async throws
    {
        let estate = try Estate(configuration: "{}\n")
        let path = estate.configurationPath
        try await estate.running { daemon in
            #expect(try await daemon.reeve("reload") == "\(path): nothing has changed\n")
            try writeFile(path, "runner: {concurrency: 3}\nlimits: {depth: 32}\nlog: {level: debug}\n")
            let trial = try await daemon.reeve("reload", "--dry-run")
            #expect(trial.contains("runner.concurrency") && !trial.contains("now"), "\(trial)")
            #expect(try await daemon.call("group.list")[at: "groups", "0", "limit"] == 16)
            let said = try await daemon.reeve("reload").split(separator: "\n").map { line in
                line.split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "|")
            }
            #expect(
                said == [
                    "runner.concurrency|changed|16|3|now", "log.level|changed|-|debug|now",
                    "limits.depth|changed|64|32|after a restart",
                    "reeve: warning: some of it counts only when the agent has been restarted",
                ],
                "\(said)"
            )
            #expect(try await daemon.call("group.list")[at: "groups", "0", "limit"] == 3)
            try writeFile(path, "runner: {concurency: 4}\n")
            let refused = try await daemon.reeve("reload", code: 1)
            #expect(refused.contains("\(path):1:") && refused.contains("concurency"), "\(refused)")
            try writeFile(path, "\n")
            #expect(try await daemon.reeve("reload", code: 1).contains("is empty, as if it were being written"))
            try writeFile(path, "runner: {concurrency: 4}\n")
            daemon.child.signal(SIGHUP)
            let events = try await daemon.call(
                "event.list",
                ["type": "dev.reeve.agent.reloaded", "after": .number("\(try await Self.head(daemon))"), "wait": "60s"]
            )
            let data = try #require(events[at: "events", "0", "data"])
            #expect(data["by"] == "SIGHUP" && data["changed"] == ["/runner/concurrency", "/log/level"], "\(data)")
        }
        #expect(estate.log.contains("the configuration was read again"), "\(estate.log)")
    }

    /// The number of the first reload.
    private static func head(_ daemon: Daemon) async throws -> Int64 {
        let events = try await daemon.call("event.list", ["type": "dev.reeve.agent.reloaded"])
        return try #require(events[at: "events", "0", "sequence"]?.string.flatMap { Int64($0) })
    }
}
