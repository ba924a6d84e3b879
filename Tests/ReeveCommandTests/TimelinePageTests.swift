import JSON
import ReeveProtocol
import Testing

@testable import reeve

struct TimelinePageTests {
    private static let now = Timestamp("2026-11-27T22:14:00Z") ?? Timestamp(milliseconds: 0)

    /// A page of columns of that length, that begins at 23:14 in Berlin.
    private func page(_ rows: String, columns: Int = 24, of length: Interval = .hours(1)) throws -> TimelinePage {
        let scale = (0...columns).map { column -> JSON in
            let start = Self.now + Interval(milliseconds: length.milliseconds * Int64(column))
            let local = (start + .hours(1)).description.replacing(".000Z", with: "+01:00")
            return ["time": .string(start.description), "local": .string(local)]
        }
        let times = TimeText(terminal: Terminal(isTerminal: true, isStyled: false, width: 80), now: Self.now)
        return TimelinePage(["scale": .array(scale), "tasks": try JSON(parsing: rows)], times)
    }

    private static func counts(_ counts: [Int: Int], columns: Int = 24) -> String {
        "[" + (0..<columns).map { String(counts[$0] ?? 0) }.joined(separator: ", ") + "]"
    }

    private static let rows = """
        [{"task": "tick", "next": "2026-11-27T22:15:00Z", "count": 1440,
          "counts": \(counts(Dictionary(uniqueKeysWithValues: (0..<24).map { ($0, 60) })))},
         {"task": "report", "next": "2026-11-27T23:00:00Z", "count": 7, "counts": \(counts([0: 1, 5: 2, 9: 4])),
          "paused": {"by": "uid:0", "at": "2026-11-27T22:00:00Z", "until": "2026-11-28T00:14:00Z"}},
         {"task": "a-task-with-a-very-long-name", "next": null, "scheduleText": "by hand", "count": 0,
          "counts": \(counts([:]))}]
        """

    @Test func `a picture has the present at its left, a mark for each column, and what the marks mean`() throws {
        #expect(
            try page(Self.rows).picture(cell: .hours(1), styled: false) == """
                                          |Nov 28 |08:00  |16:00
                tick                      ████████████████████████  in 1m0s
                report                    x    :   ▪                paused for 2h0m
                a-task-with-a-very-long…                            by hand
                a column is 1h, : twice, ▪ up to 9 times, █ 10 times or more, x skipped: paused
                """
        )
    }

    @Test func `where there is room the present is named, and days are`() throws {
        let row =
            #"[{"task": "a", "next": "2026-11-28T00:00:00Z", "count": 1, "counts": \#(Self.counts([1: 1], columns: 32))}]"#
        #expect(
            try page(row, columns: 32, of: .hours(6)).picture(cell: .hours(6), styled: false) == """
                       |Nov 29 |Dec 01 |Dec 03 |Dec 05
                a   ·                                in 1h46m
                a column is 6h, · once
                """
        )
        let minutes = try page(row, columns: 32, of: .minutes(1)).picture(cell: .minutes(1), styled: false)
        #expect(minutes.hasPrefix("   |now  |23:20    |23:30    |23:40\n"))
    }

    @Test(
        arguments: [
            (Interval.days(1), 120, Interval.minutes(20)), (.days(1), 60, .hours(2)), (.days(7), 120, .hours(3)),
            (.hours(1), 120, .minutes(1)), (.seconds(30), 120, .seconds(1)), (.days(366), 80, .days(14)),
            (.days(1), 10_000, .minutes(2)),
        ]
    )
    func `a column is a round length of time, as short as there is room`(length: Interval, width: Int, cell: Interval)
        throws
    {
        #expect(try page(Self.rows).cell(of: length, width: width) == cell)
    }

    @Test func `a pipe gets a line for each time, and is told what is left out`() throws {
        let page = try page(
            """
            [{"task": "tick", "next": "2026-11-27T22:15:00Z", "count": 1440, "counts": [1440],
              "times": ["2026-11-27T22:15:00.000Z", "2026-11-27T22:16:00.000Z"]},
             {"task": "report", "next": "2026-11-27T22:15:00Z", "count": 2, "counts": [2],
              "times": ["2026-11-27T22:15:00.000Z", "2026-11-27T22:16:00.000Z"],
              "paused": {"by": "uid:0", "at": "2026-11-27T22:00:00Z", "until": "2026-11-27T22:15:30Z"}}]
            """
        )
        #expect(
            page.lines == """
                2026-11-27T22:15:00.000Z\treport\tpaused
                2026-11-27T22:15:00.000Z\ttick\t-
                2026-11-27T22:16:00.000Z\treport\t-
                2026-11-27T22:16:00.000Z\ttick\t-

                """
        )
        #expect(page.omissions == ["tick: only the first 2 of 1440 times"])
    }

    @Test func `that much is left out is said in few lines`() throws {
        let rows = (1...9).map { #"{"task": "t\#($0)", "count": 2, "counts": [2], "times": []}"# }
        let page = try page("[" + rows.joined(separator: ", ") + "]")
        #expect(page.omissions.count == 4 && page.omissions.last == "and so of 6 more tasks")
    }

    @Test func `colours are only where they are wanted, and mark what is skipped`() throws {
        let picture = try page(Self.rows).picture(cell: .hours(1), styled: true)
        #expect(picture.contains("\u{1B}[33mx\u{1B}[0m    :   ▪"))
        #expect(!(try page(Self.rows).picture(cell: .hours(1), styled: false).contains("\u{1B}")))
    }
}
