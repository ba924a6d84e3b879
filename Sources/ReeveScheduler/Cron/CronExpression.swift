import ReeveProtocol

/// What a cron expression says, as sets: a local second is due when its time of day and its day are in them.
///
/// The arithmetic is in integers and bits alone. It never looks past the year 2099.
struct CronExpression: Sendable, Hashable {
    /// Bits 0 to 59.
    var seconds: UInt64
    /// Bits 0 to 59.
    var minutes: UInt64
    /// Bits 0 to 23.
    var hours: UInt64
    /// Bits 1 to 12.
    var months: UInt64
    var days: DayRule
    var years: YearSet
    /// Whether the hour is left open (`*`, `?`, `*/n`): then the expression keeps its pace through changes of the
    /// clocks, in both passes of a repeated hour. Else it follows the clock on the wall.
    var isIntervalLike: Bool
    /// Some of it hangs on the host and the task (`H`).
    var isHashed: Bool
    /// What is worth a warning.
    var remarks: [CronRemark]

    init(
        second: ParsedField,
        minute: ParsedField,
        hour: ParsedField,
        dayOfMonth: ParsedField,
        month: ParsedField,
        dayOfWeek: ParsedField,
        year: ParsedField
    ) {
        func bits(_ parsed: ParsedField, _ field: CronField) -> UInt64 {
            UInt64(bits: parsed.isAny ? Array(field.values) : parsed.numbers)
        }
        seconds = bits(second, .second)
        minutes = bits(minute, .minute)
        hours = bits(hour, .hour)
        months = bits(month, .month)
        years = year.isAny ? .all : YearSet(year.numbers)
        days = DayRule()
        if !dayOfMonth.isAny {
            days.restrictsDate = true
            days.datesOfMonth = UInt64(bits: dayOfMonth.numbers)
            days.special += dayOfMonth.days
        }
        if !dayOfWeek.isAny {
            days.restrictsWeekday = true
            days.weekdays = UInt64(bits: dayOfWeek.numbers)
            days.special += dayOfWeek.days
        }
        isIntervalLike = hour.isSteppedStar || hours.nonzeroBitCount == 24
        let fields = [second, minute, hour, dayOfMonth, month, dayOfWeek, year]
        isHashed = fields.contains(where: \.isHashed)
        remarks = fields.flatMap(\.remarks)
    }
}

extension CronExpression {
    /// The first local second that is due from `start` on and before `end`, in seconds since 1970-01-01T00:00 there.
    func first(from start: Int64, before end: Int64) -> Int64? {
        guard start < end else { return nil }
        let (day, second) = start.flooredDivision(by: 86_400)
        let lastDay = (end - 1).flooredDivision(by: 86_400).quotient
        guard let found = firstDay(from: day, through: lastDay) else { return nil }
        if found == day, let time = firstTime(from: second) { return checked(day * 86_400 + time) { $0 < end } }
        let next = found == day ? firstDay(from: day + 1, through: lastDay) : found
        guard let next, let time = firstTime(from: 0) else { return nil }
        return checked(next * 86_400 + time) { $0 < end }
    }

    /// The last local second that is due from `start` on and before `end`.
    func last(from start: Int64, before end: Int64) -> Int64? {
        guard start < end else { return nil }
        let (day, second) = (end - 1).flooredDivision(by: 86_400)
        let firstDay = start.flooredDivision(by: 86_400).quotient
        guard let found = lastDay(upTo: day, from: firstDay) else { return nil }
        if found == day, let time = lastTime(upTo: second) { return checked(day * 86_400 + time) { $0 >= start } }
        let previous = found == day ? lastDay(upTo: day - 1, from: firstDay) : found
        guard let previous, let time = lastTime(upTo: 86_399) else { return nil }
        return checked(previous * 86_400 + time) { $0 >= start }
    }

    /// How many local seconds are due from `start` on and before `end`; by whole days where it can.
    func count(from start: Int64, before end: Int64) -> Int64 {
        guard start < end else { return 0 }
        let (firstDay, firstSecond) = start.flooredDivision(by: 86_400)
        let (endDay, endSecond) = end.flooredDivision(by: 86_400)
        let whole = countDays(from: firstDay, before: endDay) * timesADay
        let before = isDue(day: firstDay) ? countTimes(before: firstSecond) : 0
        let after = isDue(day: endDay) ? countTimes(before: endSecond) : 0
        return whole - before + after
    }

    /// How many times a day that is due.
    var timesADay: Int64 {
        Int64(hours.nonzeroBitCount * minutes.nonzeroBitCount * seconds.nonzeroBitCount)
    }

    private func checked(_ second: Int64, _ isWithin: (Int64) -> Bool) -> Int64? {
        isWithin(second) ? second : nil
    }
}

extension CronExpression {
    private func firstTime(from time: Int64) -> Int64? {
        guard let firstMinute = minutes.first(from: 0), let firstSecond = seconds.first(from: 0) else { return nil }
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
        if hours.has(hour) {
            if minutes.has(minute), let found = seconds.first(from: second) { return hour * 3600 + minute * 60 + found }
            if let next = minutes.first(from: minute + 1) { return hour * 3600 + next * 60 + firstSecond }
        }
        return hours.first(from: hour + 1).map { $0 * 3600 + firstMinute * 60 + firstSecond }
    }

    private func lastTime(upTo time: Int64) -> Int64? {
        guard let lastMinute = minutes.last(upTo: 59), let lastSecond = seconds.last(upTo: 59) else { return nil }
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
        if hours.has(hour) {
            if minutes.has(minute), let found = seconds.last(upTo: second) { return hour * 3600 + minute * 60 + found }
            if let previous = minutes.last(upTo: minute - 1) { return hour * 3600 + previous * 60 + lastSecond }
        }
        return hours.last(upTo: hour - 1).map { $0 * 3600 + lastMinute * 60 + lastSecond }
    }

    private func countTimes(before time: Int64) -> Int64 {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
        let (perMinute, perHour) = (Int64(seconds.nonzeroBitCount), Int64(minutes.nonzeroBitCount))
        var count = hours.count(below: hour) * perHour * perMinute
        guard hours.has(hour) else { return count }
        count += minutes.count(below: minute) * perMinute
        return minutes.has(minute) ? count + seconds.count(below: second) : count
    }
}
