import ReeveProtocol
import Testing

@testable import ReeveScheduler

/// What is due in each part of a stretch of time.
struct TimelineTests {
    private let start = Timestamp(seconds: 1_795_230_000)  // 2026-11-21T03:00:00Z

    private func slots(_ text: String, first: Timestamp? = nil, most: Int? = nil) throws -> ComingSlots {
        let schedule = try Schedule(text: text, hostZone: try zones.zone(named: "Europe/Berlin"), zones: zones)
        return ComingSlots(
            schedule: schedule,
            anchor: start,
            first: first ?? schedule.next(after: start - .milliseconds(1), anchor: start),
            most: most
        )
    }

    private func timeline(_ length: Interval = .days(1), cells: Int = 4, from: Timestamp? = nil) -> Timeline {
        Timeline(from: from ?? start, until: (from ?? start) + length, cells: cells)
    }

    @Test(
        arguments: [
            ("0 * * * *", [6, 6, 6, 6]), ("0 12 * * *", [0, 1, 0, 0]), ("rate(1h)", [5, 6, 6, 6]),
            ("* * * * * *", [21_600, 21_600, 21_600, 21_600]), ("at(2026-11-21T22:00:00)", [0, 0, 0, 1]),
            ("0 3 1 1 *", [0, 0, 0, 0]),
        ]
    )
    func `each part has the slots from its beginning on and before its end`(text: String, counts: [Int]) throws {
        #expect(timeline().counts(try slots(text)) == counts)
    }

    @Test(arguments: ["*/7 * * * *", "rate(13m)", "30 2 * * *", "0 */5 * * 1-5", "15 10 29 * *", "@hourly"])
    func `counting finds what walking finds, also over changes of the clocks and in uneven parts`(text: String) throws {
        // Over both changes of the clocks of 2027.
        for from in ["2026-11-21T03:00:00.001Z", "2027-03-27T12:34:56Z", "2027-10-30T22:00:00Z"] {
            let line = timeline(.days(3), cells: 37, from: try time(from))
            let slots = try slots(text)
            var walked = Array(repeating: 0, count: 37)
            for slot in line.times(slots, limit: 10_000) {
                let cell = try #require((0..<37).last { line.start(of: $0) <= slot })
                walked[cell] += 1
            }
            #expect(line.counts(slots) == walked, "\(text) from \(from)")
        }
    }

    @Test func `nothing is due before the first slot that is not decided, which counts where it stands`() throws {
        let first = start + .minutes(90)
        let coming = try slots("0 * * * *", first: first)
        #expect(timeline().counts(coming) == [5, 6, 6, 6])
        #expect(timeline().times(coming, limit: 2) == [first, start + .hours(2)])
    }

    @Test func `what was due before and is still to start is not shown twice, and counts among the runs that are left`()
        throws
    {
        let coming = try slots("0 * * * *", first: start - .hours(1), most: 4)
        #expect(timeline().counts(coming) == [3, 0, 0, 0])
        #expect(timeline().times(coming, limit: 100) == [start, start + .hours(1), start + .hours(2)])
    }

    @Test func `a task that has no slot has none`() throws {
        let schedule = try Schedule(text: "0 * * * *", zones: zones)
        let none = ComingSlots(schedule: schedule, anchor: start, first: nil)
        #expect(timeline().counts(none) == [0, 0, 0, 0] && timeline().times(none, limit: 3) == [])
        let used = ComingSlots(schedule: schedule, anchor: start, first: start, most: 0)
        #expect(timeline().counts(used) == [0, 0, 0, 0] && timeline().times(used, limit: 3) == [])
    }

    @Test func `parts follow one another without a gap`() {
        let line = timeline(.milliseconds(1000), cells: 7)
        #expect(line.start(of: 0) == line.from && line.start(of: 7) == line.until)
        for cell in 0..<7 {
            #expect([142, 143].contains(line.start(of: cell + 1).since(line.start(of: cell)).milliseconds))
        }
    }
}
