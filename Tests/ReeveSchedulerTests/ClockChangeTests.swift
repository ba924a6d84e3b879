import ReeveProtocol
import Testing

@testable import ReeveScheduler

/// Changes of the clocks and odd zones: P1, T-51 to T-65 and their relatives.
@Suite struct ClockChangeTests {
    @Test(arguments: [
        // A time in the gap is due once, at the first moment after it.
        (
            "America/New_York", "0 30 2 * * ?", "2019-03-09T12:00:00-05:00",
            ["2019-03-10T07:00:00", "2019-03-11T06:30:00"]
        ),
        (
            "America/New_York", "0 0 2 * * ?", "2019-03-09T12:00:00-05:00",
            ["2019-03-10T07:00:00", "2019-03-11T06:00:00"]
        ),
        (
            "America/New_York", "0 */10 2 * * ?", "2019-03-09T12:00:00-05:00",
            ["2019-03-10T07:00:00", "2019-03-11T06:00:00"]
        ),
        (
            "America/New_York", "0 0,30 2-3 * * ?", "2019-03-09T12:00:00-05:00",
            ["2019-03-10T07:00:00", "2019-03-10T07:30:00", "2019-03-11T06:00:00"]
        ),
        ("Europe/Berlin", "0 30 2 * * ?", "2021-03-27T12:00:00Z", ["2021-03-28T01:00:00", "2021-03-29T00:30:00"]),
        ("America/Los_Angeles", "0 30 2 * * ?", "2021-03-13T12:00:00Z", ["2021-03-14T10:00:00"]),
        ("America/Havana", "0 0 0 * * ?", "2021-03-13T12:00:00Z", ["2021-03-14T05:00:00", "2021-03-15T04:00:00"]),
        ("America/Santiago", "0 0 0 * * ?", "2022-09-10T12:00:00Z", ["2022-09-11T04:00:00", "2022-09-12T03:00:00"]),
        ("America/Sao_Paulo", "0 0 0 * * ?", "2018-11-03T12:00:00Z", ["2018-11-04T03:00:00", "2018-11-05T02:00:00"]),
        (
            "Australia/Lord_Howe", "0 15 2 * * ?", "2019-10-05T02:00:00Z",
            ["2019-10-05T15:30:00", "2019-10-06T15:15:00"]
        ),
        ("Europe/Dublin", "0 30 1 * * ?", "2021-03-27T12:00:00Z", ["2021-03-28T01:00:00", "2021-03-29T00:30:00"]),
        ("Africa/Cairo", "0 30 0 * * ?", "2025-04-24T12:00:00Z", ["2025-04-24T22:00:00", "2025-04-25T21:30:00"]),
        // Outside of it nothing moves.
        (
            "America/New_York", "0 0 3 * * ?", "2019-03-09T13:00:00-05:00",
            ["2019-03-10T07:00:00", "2019-03-11T07:00:00"]
        ),
        (
            "America/Los_Angeles", "0 15 12 * * ?", "2026-03-07T20:15:00Z",
            ["2026-03-08T19:15:00", "2026-03-09T19:15:00"]
        ),
        ("America/Los_Angeles", "0 15 12 * * ?", "2026-10-31T19:15:00Z", ["2026-11-01T20:15:00"]),
        // A time that comes twice is due the first time only.
        ("America/New_York", "0 15 1 * * ?", "2019-11-02T12:00:00Z", ["2019-11-03T05:15:00", "2019-11-04T06:15:00"]),
        ("America/New_York", "0 15 1 * * ?", "2019-11-03T06:05:00Z", ["2019-11-04T06:15:00"]),
        ("Europe/Berlin", "0 30 2 * * ?", "2021-10-30T12:00:00Z", ["2021-10-31T00:30:00", "2021-11-01T01:30:00"]),
        (
            "Australia/Lord_Howe", "0 45 1 * * ?", "2019-04-06T12:00:00Z",
            ["2019-04-06T14:45:00", "2019-04-07T15:15:00"]
        ),
        // A day that the calendar leaves out has no slot.
        ("Pacific/Apia", "0 0 12 * * ?", "2011-12-29T12:00:00Z", ["2011-12-29T22:00:00", "2011-12-30T22:00:00"]),
        ("Pacific/Apia", "0 0 12 30 12 ?", "2010-12-31T12:00:00Z", ["2012-12-29T22:00:00"]),
    ])
    func `an expression with hours follows the clock on the wall`(
        _ zone: String,
        _ text: String,
        _ from: String,
        _ expected: [String]
    ) throws {
        #expect(try slots(text, from: from, count: expected.count, zone: zone) == expected)
    }

    @Test(arguments: [
        (
            "America/New_York", "0 0 * * * ?", "2019-03-10T00:30:00-05:00",
            ["2019-03-10T06:00:00", "2019-03-10T07:00:00", "2019-03-10T08:00:00"]
        ),
        (
            "America/New_York", "0 */30 * * * ?", "2019-03-10T00:45:00-05:00",
            ["2019-03-10T06:00:00", "2019-03-10T06:30:00", "2019-03-10T07:00:00", "2019-03-10T07:30:00"]
        ),
        (
            "America/New_York", "0 */30 * * * ?", "2019-11-03T05:10:00Z",
            ["2019-11-03T05:30:00", "2019-11-03T06:00:00", "2019-11-03T06:30:00", "2019-11-03T07:00:00"]
        ),
        ("America/New_York", "0 */30 * * * ?", "2019-11-03T06:10:00Z", ["2019-11-03T06:30:00"]),
        ("America/New_York", "*/20 * * * * ?", "2019-11-03T06:10:05Z", ["2019-11-03T06:10:20"]),
        // T-61: two-hourly is interval-like; the hour that the gap leaves out is not made up for.
        (
            "Africa/Cairo", "0 0 */2 * * ?", "2025-04-24T21:10:00+02:00",
            ["2025-04-24T20:00:00", "2025-04-24T23:00:00", "2025-04-25T01:00:00"]
        ),
        (
            "Australia/Lord_Howe", "0 15 * * * ?", "2019-10-05T14:00:00Z",
            ["2019-10-05T14:45:00", "2019-10-05T16:15:00", "2019-10-05T17:15:00"]
        ),
        ("Atlantic/Azores", "0 30 * * * ?", "2021-03-28T00:00:00Z", ["2021-03-28T00:30:00", "2021-03-28T01:30:00"]),
    ])
    func `an expression without hours keeps its pace`(
        _ zone: String,
        _ text: String,
        _ from: String,
        _ expected: [String]
    ) throws {
        #expect(try slots(text, from: from, count: expected.count, zone: zone) == expected)
    }

    @Test(arguments: [
        (
            "America/New_York", "0 30 2 * * ?", "2019-03-10T07:00:00Z",
            "the clocks go forward past its time; it is due at the first moment after"
        ),
        (
            "America/New_York", "0 15 1 * * ?", "2019-11-03T05:15:00Z",
            "this local time comes twice; only the first is due"
        ),
        ("America/New_York", "0 15 * * * ?", "2019-11-03T05:15:00Z", "first pass of a local time that comes twice"),
        ("America/New_York", "0 15 * * * ?", "2019-11-03T06:15:00Z", "second pass of a local time that comes twice"),
        ("America/New_York", "0 15 * * * ?", "2019-11-03T07:15:00Z", nil),
        ("America/New_York", "0 0 3 * * ?", "2019-03-10T07:00:00Z", nil),
    ])
    func `a slot says what the clocks have to do with it`(
        _ zone: String,
        _ text: String,
        _ slot: String,
        _ note: String?
    ) throws {
        let schedule = try Schedule(text: text, hostZone: try zones.zone(named: zone), zones: zones)
        #expect(schedule.note(for: try time(slot)) == note)
    }

    @Test func `two changes of the clocks close together hide no time and repeat none`() throws {
        // At noon the clocks go back by two hours, and an hour later forward to where noon was reached before.
        let noon: Int64 = 1_800_014_400 - 7200
        let zone = Zone(
            name: "Test/Twice",
            initialOffset: 7200,
            transitions: [.init(time: noon, offset: 0), .init(time: noon + 3600, offset: 3600)]
        )
        let schedule = try Schedule(text: "30 11 * * *", hostZone: zone, zones: zones)
        let found = try #require(schedule.next(after: Timestamp(seconds: noon - 7200), anchor: Timestamp(seconds: 0)))
        #expect(zone.localText(of: found).contains("T11:30:00"))
        #expect(schedule.count(after: found - .seconds(1), through: found + .hours(12), anchor: found) == 1)
    }
}
