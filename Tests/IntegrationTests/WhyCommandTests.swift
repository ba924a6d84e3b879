import Glibc
import Testing

/// `reeve why` and `reeve timeline`, with both real programs.
@Suite(.timeLimit(.minutes(2)))
struct WhyCommandTests {
    /// Runs `reeve` to its end, and answers all that it printed.
    private static func reeve(_ daemon: Daemon, _ arguments: String..., code: CInt = 0) async throws -> String {
        let (end, output) = try await Child.run(
            [Products.reeve, "--socket", daemon.estate.socketPath] + arguments,
            in: daemon.estate.folder
        )
        #expect(end == .exited(code), "\(arguments): \(output)\n\(daemon.estate.log)")
        return output
    }

    @Test func `why a task, a run or a service is as it is, and what is due`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            _ = try await Self.reeve(daemon, "add", "db", "--cron", "0 3 * * *", "--time-zone", "UTC", "--", "false")
            _ = try await Self.reeve(daemon, "run", "db", code: 1)
            let task = try await Self.reeve(daemon, "why", "db")
            #expect(task.hasPrefix("db is due in "))
            #expect(task.contains(" 03:00 UTC\ndb/1 failed "))
            #expect(task.hasSuffix(": exited with 1\n"))
            let run = try await Self.reeve(daemon, "why", "db/-1")
            #expect(run.hasPrefix("db/1 failed ") && run.contains("\nit was asked for by uid:\(geteuid()), "))

            _ = try await Self.reeve(daemon, "service", "add", "db", "-d", "--requires", "disk", "--", "sleep", "600")
            let service = "db waits for disk to be ready\nthere is no service disk\n"
            let both = try await Self.reeve(daemon, "why", "db")
            #expect(both.hasPrefix("task db:\ndb is due in ") && both.hasSuffix("\nservice db:\n" + service))
            #expect(try await Self.reeve(daemon, "service", "why", "db") == service)
            let json = try await Self.reeve(daemon, "why", "db", "--json").split(separator: "\n")
            #expect(json.count == 2 && json[0].hasPrefix(#"{"task":"db","status":"scheduled""#))
            _ = try await Self.reeve(daemon, "rm", "db")
            #expect(try await Self.reeve(daemon, "why", "db") == service)

            _ = try await Self.reeve(daemon, "add", "report", "--cron", "0 */6 * * *", "--", "true")
            let unknown = try await Self.reeve(daemon, "why", "repotr", code: 1)
            #expect(unknown.hasPrefix("reeve: there is no task, run or service \"repotr\"\n"))
            #expect(unknown.hasSuffix(" did you mean \"report\"?\n"))
            let noRun = try await Self.reeve(daemon, "why", "repotr/-1", code: 1)
            #expect(noRun.hasSuffix(" did you mean \"report/-1\"?\n"))

            let lines = try await Self.reeve(daemon, "timeline").split(separator: "\n")
            #expect(lines.count == 4 && lines.allSatisfy { $0.hasSuffix(":00:00.000Z\treport\t-") }, "\(lines)")
            _ = try await Self.reeve(daemon, "pause", "report")
            let paused = try await Self.reeve(daemon, "timeline", "report", "--for", "6h")
            #expect(paused.hasSuffix(":00:00.000Z\treport\tpaused\n"))
            let none = try await Self.reeve(daemon, "timeline", "--for", "1ms", code: 1)
            #expect(none.contains("1s to 366d"))
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }
}
