import Testing

@testable import ReeveScheduler

@Suite struct ExplanationTests {
    @Test(arguments: [
        ("0 3 * * *", "At 03:00 every day, in UTC."),
        ("*/15 * * * *", "Every 15 minutes, in UTC."),
        ("* * * * *", "Every minute, in UTC."),
        ("5 * * * *", "Minute 5 of every hour, in UTC."),
        ("0 9-17 * * MON-FRI", "Minute 0 of hours 9 to 17 on Monday to Friday, in UTC."),
        ("30 4 1,15 * 5", "At 04:30 on days 1 and 15 of the month and on Friday, in UTC."),
        ("0 0 12 L-1 3,6 ? 2030", "At 12:00 on the last day but one of the month in March and June in 2030, in UTC."),
        ("10 0 12 ? * 5#2", "At 12:00:10 on the 2nd Friday of the month, in UTC."),
        ("0 0 0 LW * ?", "At 00:00 on the last workday (Monday to Friday) of the month, in UTC."),
        ("7/15 9-17 * * *", "Every 15th minute from 7 of hours 9 to 17 every day, in UTC."),
        ("*/10 * * * * *", "Every 10 seconds, in UTC."),
        ("5 * * * * *", "Second 5 of every minute, in UTC."),
        ("0 */2 * * *", "Minute 0 of every 2nd hour every day, in UTC."),
        ("rate(15m)", "Every 15m, counted from when the task was put; changes of the clocks do not matter."),
        ("@reboot", "At each start of the host."),
        ("at(2026-12-24T18:00:00)", "Once, at 2026-12-24T18:00:00Z."),
    ])
    func `says in words when it is due`(_ text: String, _ expected: String) throws {
        #expect(try Schedule(text: text, zones: zones).explanation.text == expected)
    }

    @Test func `says what the clocks do to it where they change`() throws {
        let berlin = try zones.zone(named: "Europe/Berlin")
        let wall = try Schedule(text: "0 3 * * *", hostZone: berlin, zones: zones).explanation.text
        #expect(wall.contains("the first moment after"))
        let pace = try Schedule(text: "0 * * * *", hostZone: berlin, zones: zones).explanation.text
        #expect(pace.contains("keeps its pace"))
    }

    @Test(arguments: [
        ("* * * * * *", ["fires every second"]),
        ("* */15 * * * *", ["fires every second of those minutes; put 0 into the first field for once a minute"]),
        ("0 0 30 2 *", ["never fires: no year has such a day"]),
        ("0 0 31 * *", ["31st: only seven months have it (L is the last day of every month)"]),
        ("0 0 30 * *", ["30th: February does not have it (L is the last day of every month)"]),
        ("0 0 31 1,3 *", []),
        (
            "0 0 13 * 5",
            ["both day fields are restricted: a day that fits either of them counts, not only one that fits both"]
        ),
        ("*/7 * * * *", ["minute: steps of 7 begin anew at 0, so the last one is shorter"]),
        ("5,* * * * *", ["minute: the * in the list lets everything through"]),
        ("8,,9 * * * *", ["minute: the list has an empty item, which is passed over"]),
        ("0 3 * * * Etc/GMT+8", ["Etc/GMT+8 is 8 h behind UTC: its sign is turned round"]),
        ("0 3 * * *", []),
    ])
    func `warns of likely mistakes`(_ text: String, _ expected: [String]) throws {
        #expect(try Schedule(text: text, zones: zones).explanation.warnings == expected)
    }
}
