import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveScheduler

/// `from` and `until`.
@Suite struct BoundTests {
    private func schedule(_ text: String, from: String?, until: String?, zone: String? = nil) throws -> Schedule {
        var definition = ScheduleDefinition(.text(text), timeZone: zone)
        (definition.from, definition.until) = (from, until)
        return try Schedule(definition, hostZone: .utc, zones: zones)
    }

    private func slots(_ schedule: Schedule, anchor: Timestamp) -> [String] {
        Array(
            sequence(state: anchor) { last -> String? in
                guard let next = schedule.next(after: last, anchor: anchor) else { return nil }
                last = next
                return schedule.zone.localText(of: next)
            }.prefix(10)
        )
    }

    @Test func `both ends count, each in the zone of the schedule or with an offset of its own`() throws {
        let berlin = try schedule(
            "0 3 * * *",
            from: "2026-12-24T03:00",
            until: "2026-12-26T02:00:00Z",
            zone: "Europe/Berlin"
        )
        let expected = (24...26).map { "2026-12-\($0)T03:00:00+01:00" }
        #expect(slots(berlin, anchor: try time("2026-11-27")) == expected)
        #expect(slots(berlin, anchor: try time("2026-12-25T02:00:00")) == [expected[2]])
        let (put, first, last) = (
            try time("2026-11-27"), try time("2026-12-24T02:00:00"), try time("2026-12-26T02:00:00")
        )
        #expect(berlin.previous(before: put + .days(200), anchor: put) == last)
        #expect(berlin.previous(before: first, anchor: put) == nil)
        #expect(berlin.isZoned)
    }

    @Test func `a rate keeps its pace behind the beginning`() throws {
        let rate = try schedule("rate(10m)", from: "2026-11-27T01:04:00Z", until: "2026-11-27T01:25:00Z")
        let anchor = try time("2026-11-27T00:01:00")
        #expect(slots(rate, anchor: anchor) == ["2026-11-27T01:11:00Z", "2026-11-27T01:21:00Z"])
        #expect(rate.count(after: anchor, through: anchor + .days(1), anchor: anchor) == 2)
        #expect(!rate.isZoned)
    }

    @Test func `next, previous and count agree, whatever the bounds`() throws {
        var random = SeededGenerator(seed: 2026)
        let anchor = try time("2026-11-01")
        for _ in 0..<300 {
            let ends = [0, 0].map { _ in anchor + .minutes(Int64.random(in: 0..<20_000, using: &random)) }.sorted()
            let text = ["*/7 * * * *", "0 */5 * * *", "rate(11m)", "30 2 L * *"].randomElement(using: &random)!
            let free = try Schedule(text: text, zones: zones)
            let bounded = try schedule(
                text,
                from: Bool.random(using: &random) ? ends[0].description : nil,
                until: Bool.random(using: &random) ? ends[1].description : nil
            )
            var all: [Timestamp] = []
            var last = anchor
            while let next = free.next(after: last, anchor: anchor), next < anchor + .days(14) {
                all.append(next)
                last = next
            }
            let wanted = all.filter { $0 >= bounded.from ?? $0 && $0 <= bounded.until ?? $0 }
            for time in ends + [anchor, anchor + .days(7)] + wanted.prefix(2) {
                #expect(
                    bounded.next(after: time, anchor: anchor).flatMap { $0 < anchor + .days(14) ? $0 : nil }
                        == wanted.first { $0 > time }
                )
                let previous = bounded.previous(before: time, anchor: anchor).flatMap { $0 > anchor ? $0 : nil }
                #expect(previous == wanted.last { $0 < time })
                let count = wanted.count { $0 > time && $0 <= anchor + .days(13) }
                #expect(bounded.count(after: time, through: anchor + .days(13), anchor: anchor) == count)
            }
        }
    }

    @Test func `one that ends before it is due is refused with the reason`() throws {
        let now = try time("2026-11-27T12:00:00")
        let past = try schedule("0 3 * * *", from: nil, until: "2026-11-27T11:00").problem(now: now)
        #expect(past?.path == "/until" && past?.reason == "2026-11-27T11:00:00Z is in the past")
        let never = try schedule("0 3 * * *", from: nil, until: "2026-11-27T23:00").problem(now: now)
        #expect(never?.path == "/until" && never?.reason == "it is never due from now until then")
        #expect(try schedule("0 3 * * *", from: nil, until: "2026-11-28T03:00").problem(now: now) == nil)
    }

    @Test func `they are said in words`() throws {
        let words = try schedule("0 3 * * *", from: "2026-12-24T03:00", until: "2026-12-26T03:00").explanation.text
        #expect(words.contains(", from 2026-12-24T03:00:00Z, until 2026-12-26T03:00:00Z."))
    }
}
