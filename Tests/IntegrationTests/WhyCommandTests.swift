import Glibc
import Testing

/// `reeve why` and `reeve timeline`, with both real programs.
@Suite(.timeLimit(.minutes(5)))
struct WhyCommandTests {
    @Test func `why a task, a run or a service is as it is, and what is due`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            _ = try await daemon.reeve("add", "db", "--cron", "0 3 * * *", "--time-zone", "UTC", "--", "false")
            _ = try await daemon.reeve("run", "db", code: 1)
            let task = try await daemon.reeve("why", "db")
            #expect(task.hasPrefix("db is due in "))
            #expect(task.contains(" 03:00 UTC\ndb/1 failed "))
            #expect(task.hasSuffix(": exited with 1\n"))
            let run = try await daemon.reeve("why", "db/-1")
            #expect(run.hasPrefix("db/1 failed ") && run.contains("\nit was asked for by uid:\(geteuid()), "))

            _ = try await daemon.reeve("service", "add", "db", "-d", "--requires", "disk", "--", "sleep", "600")
            let service = "db waits for disk to be ready\nthere is no service disk\n"
            let both = try await daemon.reeve("why", "db")
            #expect(both.hasPrefix("task db:\ndb is due in ") && both.hasSuffix("\nservice db:\n" + service))
            #expect(try await daemon.reeve("service", "why", "db") == service)
            let json = try await daemon.reeve("why", "db", "--json").split(separator: "\n")
            #expect(json.count == 2 && json[0].hasPrefix(#"{"task":"db","status":"scheduled""#))
            _ = try await daemon.reeve("rm", "db")
            #expect(try await daemon.reeve("why", "db") == service)

            _ = try await daemon.reeve("endpoint", "add", "db", "--queue")
            let endpoint = try await daemon.reeve("why", "db")
            #expect(
                endpoint.hasPrefix("service db:\n") && endpoint.contains("\nendpoint db:\ndb has got all"),
                "\(endpoint)"
            )
            let queue = try await daemon.reeve("endpoint", "why", "db")
            #expect(queue == "db has got all that is meant for it\n", "\(queue)")
            let past = try await daemon.reeve("why", "db", "--at", "2d")
            #expect(past.hasPrefix("there was no endpoint db then: it was made at "), "\(past)")
            #expect(try await daemon.reeve("metrics").contains("\nreeve_endpoint_pending{endpoint=\"db\"} 0\n"))

            _ = try await daemon.reeve("add", "report", "--cron", "0 */6 * * *", "--", "true")
            let unknown = try await daemon.reeve("why", "repotr", code: 1)
            #expect(unknown.hasPrefix("reeve: there is no task, run, service or endpoint \"repotr\"\n"))
            #expect(unknown.hasSuffix(" did you mean \"report\"?\n"))
            let noRun = try await daemon.reeve("why", "repotr/-1", code: 1)
            #expect(noRun.hasSuffix(" did you mean \"report/-1\"?\n"))

            let lines = try await daemon.reeve("timeline").split(separator: "\n")
            #expect(lines.count == 4 && lines.allSatisfy { $0.hasSuffix(":00:00.000Z\treport\t-") }, "\(lines)")
            _ = try await daemon.reeve("pause", "report")
            let paused = try await daemon.reeve("timeline", "report", "--for", "6h")
            #expect(paused.hasSuffix(":00:00.000Z\treport\tpaused\n"))
            let none = try await daemon.reeve("timeline", "--for", "1ms", code: 1)
            #expect(none.contains("1s to 366d"))
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }
}
