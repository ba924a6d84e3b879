import JSON
import ReeveProtocol

/// What is wrong with a schedule, in words that do not change: Cloud Assist's codes where it has one.
package enum ScheduleCause: String, WireWord {
    /// A cron text, or the words and numbers in it.
    case invalidCronExpression
    case invalidRateExpression
    /// A period over 1000 days.
    case rateTooLarge
    case invalidAtExpression
    case unknownTimeZone
    /// `GMT±H:MM` with something else than an offset.
    case invalidTimeZoneOffset
    /// `from`, `until`, `maxRuns` or `jitter`.
    case invalidScheduleLimit
    /// It is well written, and was due for the last time.
    case cronExpressionExpired
    /// It is well written, and no such day ever comes.
    case cronExpressionNeverDue
    case atExpressionExpired
    /// Nothing is due before `until`.
    case untilExpired
}

extension InvalidValue {
    /// The same with a cause, unless it has a closer one.
    func caused(by cause: ScheduleCause) -> InvalidValue {
        var caused = self
        caused.cause = self.cause ?? cause.rawValue
        return caused
    }
}
