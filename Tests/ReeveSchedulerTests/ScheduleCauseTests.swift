import JSON
import ReeveProtocol
import Testing

@testable import ReeveScheduler

/// Every refusal of a schedule has a stable word: the codes of T-02 to T-77.
struct ScheduleCauseTests {
    private static let now = "2026-11-21T07:33:50"

    @Test(
        arguments: [
            ("", .invalidCronExpression), ("* * * *", .invalidCronExpression),
            ("* * * * * * * * *", .invalidCronExpression),
            ("61 * * * *", .invalidCronExpression), ("0 0 12 * * ? 2100", .invalidCronExpression),
            ("0 0 12 * * ? 2030-2020", .invalidCronExpression), ("@fortnightly", .invalidCronExpression),
            ("0 0 12 * * ? CST", .unknownTimeZone), ("0 0 12 * * ? Nowhere/Land", .unknownTimeZone),
            ("0 0 12 * * ? asia/shanghai", .unknownTimeZone), ("0 0 12 * * ? GMT+8", .invalidTimeZoneOffset),
            ("0 0 12 * * ? GMT+15:00", .invalidTimeZoneOffset), ("0 0 12 * * ? UTC+8:00", .invalidTimeZoneOffset),
            ("rate(0m)", .invalidRateExpression), ("rate(5w)", .invalidRateExpression),
            ("rate()", .invalidRateExpression),
            ("rate(1001d)", .rateTooLarge), ("rate(86400001s)", .rateTooLarge), ("rate(18446744074s)", .rateTooLarge),
            ("rate(9223372036854775807s)", .rateTooLarge), ("rate(99999999999999999999s)", .rateTooLarge),
            ("at()", .invalidAtExpression), ("at(2026-02-30T00:00:00)", .invalidAtExpression),
            ("2026-11-21T24:00:00", .invalidAtExpression), ("at (2026-12-24T18:00:00)", .invalidAtExpression),
        ] as [(String, ScheduleCause)]
    )
    func `what is malformed`(text: String, cause: ScheduleCause) {
        let error = #expect(throws: InvalidValue.self) { try Schedule(text: text, zones: zones) }
        #expect(error?.cause == cause.rawValue)
    }

    @Test(
        arguments: [
            ("0 0 12 * * ? 2022", .cronExpressionExpired), ("0 0 12 1 1 ? 2026", .cronExpressionExpired),
            ("0 0 0 30 2 ?", .cronExpressionNeverDue), ("at(2026-11-21T07:33:49)", .atExpressionExpired),
        ] as [(String, ScheduleCause)]
    )
    func `what is well written and over`(text: String, cause: ScheduleCause) throws {
        let schedule = try Schedule(text: text, zones: zones)
        #expect(schedule.problem(now: try time(Self.now))?.cause == cause.rawValue)
    }

    @Test func `what bounds it`() throws {
        var definition = ScheduleDefinition(.cron("0 0 * * *"))
        definition.until = "2026-11-20T00:00"
        let schedule = try Schedule(definition, hostZone: .utc, zones: zones, hash: TaskHash(host: "", task: ""))
        #expect(schedule.problem(now: try time(Self.now))?.cause == "untilExpired")
        definition.until = "soon"
        let error = #expect(throws: InvalidValue.self) {
            try Schedule(definition, hostZone: .utc, zones: zones, hash: TaskHash(host: "", task: ""))
        }
        #expect(error?.cause == "invalidScheduleLimit")
    }
}
