import JSON
import ReeveProtocol
import Testing

@testable import ReeveScheduler

/// What is taken and what is refused: T-01 to T-22, with the readings of the contract.
@Suite struct CronSyntaxTests {
    private static let now = "2026-11-21T07:33:50"

    @Test(arguments: [
        ("*/20 * * * * ?", ["2026-11-21T07:34:00"]),
        ("0 */20 * * * ?", ["2026-11-21T07:40:00"]),
        ("0 0 0 1 1 1", ["2027-01-01T00:00:00", "2027-01-04T00:00:00"]),
        ("  0   0\t12 * * ?  ", ["2026-11-21T12:00:00"]),
        ("0 0 12 * * ? *", ["2026-11-21T12:00:00"]),
        ("0 0 12 * * ? ?", ["2026-11-21T12:00:00"]),
        ("0 0 12 * * ? */2", ["2026-11-21T12:00:00"]),
        ("0 0 12 * * ? 2099", ["2099-01-01T12:00:00"]),
        ("0 0 12 * * ? 2025-2030", ["2026-11-21T12:00:00"]),
        ("0 0 12 * * ? 2025,2030", ["2030-01-01T12:00:00"]),
        ("0 0 12 * * ? 2030/2", ["2030-01-01T12:00:00"]),
        ("0 0 12 1 12 ? 2026", ["2026-12-01T12:00:00"]),
        ("* * * * *", ["2026-11-21T07:34:00", "2026-11-21T07:35:00"]),
        ("30 3 * * *", ["2026-11-22T03:30:00"]),
        ("0 3 * * * Europe/Berlin", ["2026-11-22T02:00:00"]),
        ("@daily", ["2026-11-22T00:00:00"]),
        ("@DAILY Asia/Shanghai", ["2026-11-21T16:00:00"]),
        ("@midnight", ["2026-11-22T00:00:00"]),
        ("@hourly", ["2026-11-21T08:00:00"]),
        ("@weekly", ["2026-11-22T00:00:00"]),
        ("@monthly", ["2026-12-01T00:00:00"]),
        ("0 0 * * 7-7", ["2026-11-22T00:00:00", "2026-11-29T00:00:00"]),
        ("0 0 * * 7-1", ["2026-11-22T00:00:00", "2026-11-23T00:00:00", "2026-11-29T00:00:00"]),
        ("0 0 * * 6-7", ["2026-11-22T00:00:00", "2026-11-28T00:00:00", "2026-11-29T00:00:00"]),
        ("0 0 * * 0-7", ["2026-11-22T00:00:00", "2026-11-23T00:00:00", "2026-11-24T00:00:00"]),
        ("@yearly", ["2027-01-01T00:00:00"]),
        ("@annually", ["2027-01-01T00:00:00"]),
        ("8,,9 * * * * *", ["2026-11-21T07:34:08", "2026-11-21T07:34:09"]),
    ])
    func `finds the first times of what it takes`(_ text: String, _ expected: [String]) throws {
        #expect(try slots(text, from: Self.now, count: expected.count) == expected)
    }

    @Test(arguments: [
        ("0 0 12 * * ? Asia/Shanghai", "2026-11-22T04:00:00"),
        ("0 0 12 * * ? * Asia/Shanghai", "2026-11-22T04:00:00"),
        ("0 0 12 * * ? GMT+8:00", "2026-11-22T04:00:00"),
        ("0 0 12 * * ? GMT-6:00", "2026-11-21T18:00:00"),
        ("0 0 12 * * ? GMT+13:45", "2026-11-21T22:15:00"),
        ("0 0 12 * * ? GMT+14:00", "2026-11-21T22:00:00"),
        ("0 0 12 * * ? GMT", "2026-11-21T12:00:00"),
        ("0 0 12 * * ? utc", "2026-11-21T12:00:00"),
        ("0 0 12 * * ? Etc/GMT+8", "2026-11-21T20:00:00"),
        ("0 0 12 * * ? 2050 America/Los_Angeles", "2050-01-01T20:00:00"),
        ("0 0 12 * * ? America/Argentina/Buenos_Aires", "2026-11-21T15:00:00"),
    ])
    func `takes a time zone at the end`(_ text: String, _ expected: String) throws {
        #expect(try slots(text, from: Self.now, count: 1) == [expected])
    }

    @Test func `a fixed offset keeps its name`() throws {
        #expect(try Schedule(text: "0 0 12 * * ? GMT+8:00", zones: zones).zone.name == "GMT+8:00")
    }

    @Test(arguments: [
        "", "   ", "* * * *", "* * * * * * * * *", "@fortnightly", "@daily Europe/Berlin 1",
        "0 61 * * * *", "*/60 * * * * *", "0 */60 * * * *", "0 2/60 * * * *", "0 2-20/61 * * * *", "0 */100 * * * *",
        "0 0 */24 * * *", "0 0 1-5/0 * * *", "0 0 1-5/30 * * *", "0 0 0 5-10W * *", "0 0 0 W * *", "0 0 0 * * L",
        "0 0 0 * * 5#6", "?/2 * * * * *", "0 0 0 * SEPT *", "0 0 0 * * Tues", "0 0 0 1 1 ? 1969",
        "a b c d e f", "0 0 0 * * ? 2030-2020", "0 0 0 * * ? 2100", "0 0 0 * * ? 12000", "0 0 0 * * * * *",
        "0 0 12 * * ? GMT+08:00", "0 0 12 * * ? GMT+15:00", "0 0 12 * * ? GMT+8", "0 0 12 * * ? GMT+8:60",
        "0 0 12 * * ? UTC+8:00", "0 0 12 * * ? CST", "0 0 12 * * ? Local", "0 0 12 * * ? Nowhere/Land",
        "0 0 12 * * ? asia/shanghai", "0 0 12 * * ? xGMT+8:00y", "0 0 12 * * ? GMT-14:00",
        "0 0 12 * * ? right/Europe/Berlin", "0 0 12 * * ? ../../etc/passwd", "0 0 12 * * ? Europe", "007 * * * *",
        "1-2-3 * * * *", "1/2/3 * * * *", "1- * * * *", "/5 * * * *", ", * * * *", "0 0 0 L-31 * *", "0 0 0 32W * *",
        "0 0 0 * * #2", "0 L * * * *", "٣ * * * *", "0 0 🙂 * *",
    ])
    func `refuses what is not an expression`(_ text: String) {
        #expect(refusal(text) != nil)
    }

    @Test(arguments: [
        ("0 25 * * *", "hour 25 is out of range", "0–23", "at character 3"),
        ("61 * * * *", "minute 61 is out of range", "0–59", "at character 1"),
        ("0 0 * FOO *", "month \"FOO\" is neither a number nor a name", "1–12 or JAN–DEC", "at character 7"),
        (
            "0 0 * * Tues", "day of week \"Tues\" is neither a number nor a name",
            "0–7 or SUN–SAT (0 and 7 are Sunday)",
            "at character 9; did you mean TUE?"
        ),
        ("*/60 * * * *", "the step 60 of the minute is out of range", "1–59", "at character 3"),
        ("0 0 0 1 1 ? 2100", "year 2100 is out of range", "1970–2099", "at character 13"),
    ])
    func `says what is wrong and where`(_ text: String, _ reason: String, _ expected: String, _ hint: String) {
        let error = InvalidValue(path: "", reason: reason, expected: expected, hint: hint)
        #expect(refusal(text) == error.caused(by: .invalidCronExpression))
    }

    @Test(arguments: [
        (ScheduleDefinition(.cron("0 25 * * *")), "/cron", nil),
        (
            ScheduleDefinition(.cron("0 0 * * *"), timeZone: "europe/berlin"), "/timeZone",
            "did you mean \"Europe/Berlin\"?"
        ),
        (ScheduleDefinition(.cron("0 0 * * * Europe/Berln")), "/cron", "did you mean \"Europe/Berlin\"?"),
        (ScheduleDefinition(.cron("0 0 * * * UTC"), timeZone: "UTC"), "/cron", "leave one of them out"),
        (ScheduleDefinition(.rate(.zero)), "/rate", nil),
        (ScheduleDefinition(.at("tomorrow")), "/at", nil),
        (ScheduleDefinition(.text("rate(0m)")), "", nil),
        (ScheduleDefinition(.cron("0 0 * * *"), jitter: JitterDefinition(.days(2))), "/jitter", nil),
        (bounded("0 0 * * *", from: "2026-12-24"), "/from", nil),
        (bounded("0 0 * * *", until: "2026-02-30T00:00"), "/until", nil),
        (bounded("0 0 * * *", from: "2026-12-24T00:00", until: "2026-12-23T23:59"), "/until", nil),
        (bounded("@reboot", from: "2026-12-24T00:00"), "/from", "leave it out"),
        (bounded("at(2026-12-24T18:00:00)", until: "2026-12-24T00:00"), "/until", "leave it out"),
    ])
    func `points at the member that is wrong`(_ definition: ScheduleDefinition, _ path: String, _ hint: String?) {
        let error = #expect(throws: InvalidValue.self) {
            try Schedule(definition, hostZone: .utc, zones: zones)
        }
        #expect(error?.path == path)
        if let hint { #expect(error?.hint == hint) }
    }

    private static func bounded(_ text: String, from: String? = nil, until: String? = nil) -> ScheduleDefinition {
        var definition = ScheduleDefinition(.text(text))
        (definition.from, definition.until) = (from, until)
        return definition
    }

    @Test func `knows no zone but UTC where there are no zone files`() {
        let none = ZoneDatabase(directory: "/nonexistent")
        #expect(throws: Never.self) { try Schedule(text: "0 0 * * * UTC", zones: none) }
        let error = #expect(throws: InvalidValue.self) { try Schedule(text: "0 0 * * * Europe/Berlin", zones: none) }
        #expect(error?.hint == "install the package tzdata")
    }

    @Test(arguments: [
        ("0 0 12 * * ? 2022", "is never due again; the last time was 2022-12-31T12:00:00Z"),
        ("0 0 12 * * ? 2000-2010", "is never due again; the last time was 2010-12-31T12:00:00Z"),
        ("0 0 12 1 1 ? 2026", "is never due again; the last time was 2026-01-01T12:00:00Z"),
        ("0 0 0 30 2 ?", "is never due: no year has such a day"),
        ("0 0 0 29 2 ? 2099", "is never due: no year has such a day"),
    ])
    func `a good expression that is never due (again) says so`(_ text: String, _ reason: String) throws {
        let schedule = try Schedule(text: text, zones: zones)
        #expect(schedule.problem(now: try time(Self.now))?.reason == reason)
        #expect(schedule.next(after: try time(Self.now), anchor: try time(Self.now)) == nil)
    }
}
