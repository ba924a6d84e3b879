import Glibc
import Testing
import TestSupport

/// `reeve retry` and `reeve group set --all`, with both real programs.
@Suite(.timeLimit(.minutes(5)))
struct RetryCommandTests {
    @Test func `a run is tried again, and reeve ends as it does`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let line = "echo run $REEVE_NUMBER, try $REEVE_ATTEMPT; exit $((6 - REEVE_NUMBER))"
            _ = try await daemon.reeve("add", "job", "--priority", "-5", "--overlap", "allow(2)", "-c", line)
            let shown = try await daemon.reeve("show", "job")
            #expect(shown.contains("priority: -5\n") && shown.contains("allow(2)"), "\(shown)")
            #expect(try await daemon.reeve("run", "job", code: 5) == "run 1, try 1\n")
            #expect(try await daemon.reeve("retry", "job/1", code: 4) == "run 2, try 2\n")
            #expect(try await daemon.reeve("retry", "job", code: 3) == "run 3, try 3\n")
            #expect(try await daemon.reeve("retry", "-d", "job/2") == "job/4\n")
            _ = try await daemon.reeve("wait", "job/4", code: 2)
            let json = try await daemon.reeve("retry", "job/4", "--json", code: 1)
            #expect(json.contains(#""trigger":"retry""#) && json.contains(#""attempt":4"#))
            _ = try await daemon.reeve("retry", "job", code: 0)
            let refused = try await daemon.reeve("retry", "job", code: 125)
            #expect(
                refused.contains("run job/6 succeeded") && refused.contains("reeve run job runs the task once more")
            )
            #expect(try await daemon.reeve("retry", "nothing", code: 125).contains("there is no run"))
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    @Test func `how many runs go on at once is set while they do`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            #expect(try await daemon.reeve("group", "set", "--all", "--limit", "0") == "all runs: 0 at once\n")
            let listed = try await daemon.reeve("group", "ls")
            #expect(listed == "*\t0\t0\t0\tuid:\(geteuid())\n", "\(listed)")
            _ = try await daemon.reeve("add", "job", "--queue-timeout", "1h", "--", "true")
            _ = try await daemon.reeve("run", "-d", "job")
            let why = try await daemon.reeve("why", "job/1")
            #expect(why.hasPrefix("job/1 waits for a free place: none may begin, until "), "\(why)")
            #expect(
                why.contains("\nno run begins while the limit of all is 0: reeve group set --all --limit N raises it\n")
            )
            #expect(try await daemon.reeve("group", "set", "--all", "--no-limit") == "all runs: as configured\n")
            _ = try await daemon.reeve("wait", "job/1")
            for wrong in [["--limit", "1"], ["disk", "--all", "--limit", "1"], ["--all"]] {
                let (end, output) = try await Child.run(
                    [Products.reeve, "--socket", estate.socketPath, "group", "set"] + wrong,
                    in: estate.folder
                )
                #expect(end == .exited(2), "\(wrong): \(output)")
            }
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }
}
