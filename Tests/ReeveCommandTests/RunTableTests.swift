import JSON
import ReeveProtocol
import Testing

@testable import reeve

/// Runs as they are listed and waited for.
struct RunTableTests {
    private static let now = Timestamp("2026-11-28T10:00:00Z") ?? Timestamp(milliseconds: 0)
    private let times = TimeText(terminal: Terminal(isTerminal: true, isStyled: false, width: 100), now: now)

    private func run(_ number: Int, seconds: Int64?) throws -> JSON {
        var run: JSONObject = ["task": "job", "number": .number(String(number)), "trigger": "manual"]
        guard let seconds else {
            run["outcome"] = "skipped"
            return .object(run)
        }
        run["outcome"] = "succeeded"
        run["startedAt"] = .string((Self.now - .seconds(seconds)).description)
        run["stoppedAt"] = .string(Self.now.description)
        return .object(run)
    }

    @Test func `lengths stand beside one another as bars, and alone there is nothing to compare`() throws {
        let runs = try [run(4, seconds: 80), run(3, seconds: 40), run(2, seconds: 1), run(1, seconds: nil)]
        let bars = Runs.table(runs, times, bars: true).rows.map { $0[4].text }
        #expect(bars == ["████████", "████", "▏", ""])
        #expect(Runs.table([runs[0]], times, bars: true).rows.map { $0[4].text } == [""])
        #expect(Runs.table(runs, times).rows.allSatisfy { $0.count == 6 }, "a pipe has no bars")
    }

    @Test func `a run that is waited for is told in a line`() throws {
        let run = try JSON(
            parsing: """
                {"task": "job", "number": 7, "status": "running", "startedAt": "2026-11-28T09:59:47.500Z", "steps": [
                    {"name": "dump", "status": "stopped"}, {"name": "upload", "status": "running"},
                    {"name": "notify\\u001b[2J", "status": "stopping"}, {"name": "tidy", "status": "pending"}
                ]}
                """
        )
        let words = WaitProgress.words(run, now: Self.now)
        #expect(words == "job/7: running for 12.0s, 1 of 4 steps done, at upload and notify\u{FFFD}[2J")
        let pending = try JSON(
            parsing: """
                {"task": "job", "number": 8, "status": "pending", "createdAt": "2026-11-28T09:58:00.000Z",
                 "waitingFor": ["db to be ready"], "steps": [{"name": "main", "status": "pending"}]}
                """
        )
        #expect(WaitProgress.words(pending, now: Self.now) == "job/8: pending for 2m0s, waits for db to be ready")
    }
}
