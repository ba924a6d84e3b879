import JSON
import ReeveProtocol
import Testing

@testable import ReeveScheduler

/// T-67 to T-77.
@Suite struct RateAndAtTests {
    private let creation = "2022-08-09T10:00:00.250"

    @Test(arguments: [
        ("60s", "2022-08-09T10:07:30", "2022-08-09T10:08:00.250Z"),
        ("5m", "2022-08-09T10:07:30", "2022-08-09T10:10:00.250Z"),
        ("1h", "2022-08-09T10:07:30", "2022-08-09T11:00:00.250Z"),
        ("1d", "2022-08-09T10:07:30", "2022-08-10T10:00:00.250Z"),
        ("7d", "2022-08-09T10:07:30", "2022-08-16T10:00:00.250Z"),
        ("5m", "2022-08-09T09:00:00.250", "2022-08-09T10:05:00.250Z"),
        ("5m", "2022-08-09T10:00:00.249", "2022-08-09T10:05:00.250Z"),
        ("5m", "2022-08-09T10:00:00.250", "2022-08-09T10:05:00.250Z"),
        ("5m", "2022-08-09T10:05:00.249", "2022-08-09T10:05:00.250Z"),
        ("5m", "2022-08-09T10:05:00.250", "2022-08-09T10:10:00.250Z"),
        ("5m", "2023-08-09T10:00:00.250", "2023-08-09T10:05:00.250Z"),
        ("5m", "2022-08-09T10:12:00", "2022-08-09T10:15:00.250Z"),
    ])
    func `a rate counts from its anchor`(_ period: String, _ now: String, _ expected: String) throws {
        let schedule = try Schedule(text: "rate(\(period))", zones: zones)
        #expect(schedule.next(after: try time(now), anchor: try time(creation))?.description == expected)
    }

    @Test func `a rate has times before and between`() throws {
        let schedule = try Schedule(text: "rate(5m)", zones: zones)
        let anchor = try time(creation)
        #expect(schedule.previous(before: anchor + .minutes(5), anchor: anchor) == nil)
        #expect(schedule.previous(before: anchor + .minutes(10), anchor: anchor) == anchor + .minutes(5))
        #expect(schedule.previous(before: anchor + .minutes(11), anchor: anchor) == anchor + .minutes(10))
        #expect(schedule.count(after: anchor - .days(1), through: anchor + .days(1), anchor: anchor) == 288)
        #expect(schedule.count(after: anchor + .minutes(5), through: anchor + .minutes(10), anchor: anchor) == 1)
    }

    @Test(arguments: ["RATE(5M)", "rate (5 m)", "rate(5 m)", "rate(00005m)", "rate( 5m )", "rate(300s)"])
    func `takes a rate`(_ text: String) throws {
        #expect(try Schedule(text: text, zones: zones).kind == .rate(.minutes(5)))
    }

    @Test(arguments: ["rate(1000d)", "rate(24000h)", "rate(86400000s)"])
    func `takes the longest rate`(_ text: String) throws {
        #expect(try Schedule(text: text, zones: zones).kind == .rate(.days(1000)))
    }

    @Test(arguments: [
        " rate(5m)", "rate(5m) ", "rate(0m)", "rate(-5m)", "rate(5)", "rate()", "rate(5w)", "rate(5min)", "rate(1.5h)",
        "5m", "rate(5m)rate(5m)", "rate(1 5m)", "rate(999ms)", "rate(1001d)", "rate(24001h)", "rate(86400001s)",
        "rate(18446744074s)", "rate(9223372037s)", "rate(213503983d)", "rate(9223372036854775807s)",
        "rate(99999999999999999999s)", "rate(5m", "rate5m)",
    ])
    func `refuses what is no rate`(_ text: String) {
        #expect(refusal(text) != nil)
    }

    @Test(arguments: ["at(2020-06-06T13:15:30)", "AT(2020-06-06T13:15:30)", "2020-06-06T13:15:30"])
    func `a time as Cloud Assist writes it is UTC wherever the host is`(_ text: String) throws {
        let schedule = try Schedule(text: text, hostZone: try zones.zone(named: "Asia/Shanghai"), zones: zones)
        #expect(schedule.kind == .at(try time("2020-06-06T13:15:30")))
        #expect(schedule.problem(now: try time("2020-06-06T13:15:30")) == nil)
        #expect(
            schedule.problem(now: try time("2020-06-06T13:15:31"))?.reason == "2020-06-06T21:15:30+08:00 is in the past"
        )
    }

    @Test(arguments: [
        "2020-06-06 13:15:30", "at (2020-06-06T13:15:30)", " at(2020-06-06T13:15:30)", "at()",
        "at(2020-02-30T00:00:00)",
        "at(2020-06-06T24:00:00)", "at(2020-06-06T13:15:60)", "at(2020-06-06T13:15)", "at(2020-06-06T13:15:30", "at",
        "at(2020-06-06T13:15:30+25:00)", "2020-", "at(2020-06-06T13:15:30Z)Z",
    ])
    func `refuses what is no time`(_ text: String) {
        #expect(refusal(text) != nil)
    }

    @Test(arguments: [
        ("2026-12-24T18:00", "Europe/Berlin", "2026-12-24T17:00:00"),
        ("2026-12-24T18:00:05.250", "Europe/Berlin", "2026-12-24T17:00:05.250"),
        ("2026-12-24T18:00Z", "Europe/Berlin", "2026-12-24T18:00:00"),
        ("2026-12-24T18:00+05:30", "Europe/Berlin", "2026-12-24T12:30:00"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:00:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00"),
        ("2050-07-01T12:00", "America/New_York", "2050-07-01T16:00:00"),
    ])
    func `a local time is read in its zone`(_ text: String, _ zone: String, _ expected: String) throws {
        let schedule = try Schedule(ScheduleDefinition(.at(text), timeZone: zone), hostZone: .utc, zones: zones)
        #expect(schedule.kind == .at(try time(expected)))
    }

    @Test func `a day that the calendar leaves out is no time`() {
        #expect(throws: InvalidValue.self) {
            try Schedule(
                ScheduleDefinition(.at("2011-12-30T12:00"), timeZone: "Pacific/Apia"),
                hostZone: .utc,
                zones: zones
            )
        }
    }

    @Test func `a single time is due once`() throws {
        let schedule = try Schedule(text: "at(2020-06-06T13:15:30)", zones: zones)
        let due = try time("2020-06-06T13:15:30")
        #expect(schedule.next(after: due - .milliseconds(1), anchor: due) == due)
        #expect(schedule.next(after: due, anchor: due) == nil)
        #expect(schedule.previous(before: due + .milliseconds(1), anchor: due) == due)
        #expect(schedule.count(after: due - .days(1), through: due, anchor: due) == 1)
        #expect(schedule.count(after: due, through: due + .days(1), anchor: due) == 0)
    }

    @Test func `boot schedules have no slots of their own`() throws {
        for definition in [
            ScheduleDefinition(.nextBoot), ScheduleDefinition(.everyBoot), ScheduleDefinition(.text("@reboot")),
        ] {
            let schedule = try Schedule(definition, hostZone: .utc, zones: zones)
            #expect(schedule.isBoot)
            #expect(schedule.next(after: Timestamp(seconds: 0), anchor: Timestamp(seconds: 0)) == nil)
        }
    }
}
