import ReeveProtocol

/// A day that falls on another date in each month.
enum SpecialDay: Sendable, Hashable {
    /// That many days before the last: `L`, `L-3`.
    case last(before: Int)
    /// The last Monday to Friday: `LW`.
    case lastWorkday
    /// The Monday to Friday nearest to the date, within the month: `15W`.
    case nearestWorkday(Int)
    /// The last such day of the month, 0 is Sunday: `5L`.
    case lastWeekday(Int)
    /// The first to fifth such day of the month: `5#2`.
    case nth(weekday: Int, Int)

    var isOfMonth: Bool {
        switch self {
        case .last, .lastWorkday, .nearestWorkday: true
        case .lastWeekday, .nth: false
        }
    }
}

/// On which days of a month an expression is due: what its two day fields say.
///
/// Where both are restricted, either counts; where one is, that one.
struct DayRule: Sendable, Hashable {
    /// Bits 1 to 31.
    var datesOfMonth: UInt64 = 0
    /// Bits 0 (Sunday) to 6.
    var weekdays: UInt64 = 0
    var special: [SpecialDay] = []
    /// Anything but `*` and `?` in the field: also `*/2` and `1-31`.
    var restrictsDate = false
    var restrictsWeekday = false

    /// The matching days of a month as bits 1 to 31; `month` is 1 to 12.
    func days(inMonth month: Int64, of year: Int64) -> UInt64 {
        let length = CivilDate.days(in: month, of: year)
        let all: UInt64 = (1 << UInt64(length + 1)) - 2
        guard restrictsDate || restrictsWeekday else { return all }
        let first = Int(weekday(ofDay: firstDay(of: month, in: year)))
        var days: UInt64 = restrictsDate ? datesOfMonth : 0
        if restrictsWeekday { days |= spread(from: first) }
        for day in special { days |= bit(of: day, first: first, length: Int(length)) }
        return days & all
    }

    /// The weekdays over a month whose first day is the weekday `first`, from bit 1 on.
    private func spread(from first: Int) -> UInt64 {
        let week = (weekdays >> UInt64(first) | weekdays << UInt64(7 - first)) & 0x7F
        return (week | week << 7 | week << 14 | week << 21 | week << 28) << 1
    }

    private func bit(of day: SpecialDay, first: Int, length: Int) -> UInt64 {
        let last = (first + length - 1) % 7
        let date: Int
        switch day {
        case .last(let count): date = length - count
        case .lastWorkday: date = length - (last == 6 ? 1 : last == 0 ? 2 : 0)
        case .nearestWorkday(let wanted): date = Self.workday(near: wanted, first: first, length: length)
        case .lastWeekday(let weekday): date = length - (last - weekday + 7) % 7
        case .nth(let weekday, let number): date = 1 + (weekday - first + 7) % 7 + (number - 1) * 7
        }
        return (1...length).contains(date) ? 1 << UInt64(date) : 0
    }

    /// 0 where the month has no such date.
    private static func workday(near date: Int, first: Int, length: Int) -> Int {
        guard date <= length else { return 0 }
        switch (first + date - 1) % 7 {
        case 6: return date > 1 ? date - 1 : 3
        case 0: return date < length ? date + 1 : date - 2
        default: return date
        }
    }
}
