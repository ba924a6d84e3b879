import ReeveProtocol

/// The rule at the end of a zone file, for all years after its table (POSIX `TZ`, with RFC 9636's wider hours).
struct ZoneRule: Sendable, Hashable {
    /// A day of each year.
    enum Day: Sendable, Hashable {
        /// 1 to 365; 29 February is never counted.
        case julian(Int64)
        /// 0 to 365; 29 February is counted.
        case ordinal(Int64)
        /// The `week`th (5: last) of that weekday (0 is Sunday) in the month.
        case weekday(month: Int64, week: Int64, day: Int64)
    }

    /// A local time on a day of each year, in the offset that holds before it.
    struct Change: Sendable, Hashable {
        var day: Day
        /// Seconds after midnight; may be negative and more than a day.
        var time: Int64
    }

    struct Summer: Sendable, Hashable {
        var offset: Int64
        var start: Change
        var end: Change
    }

    /// Seconds east of UTC.
    var standardOffset: Int64
    var summer: Summer?

    /// The stretch that holds that second, cut off at `lower`.
    func stretch(at second: Int64, from lower: Int64) -> Zone.Stretch {
        guard summer != nil else { return Zone.Stretch(start: lower, end: Zone.end, offset: standardOffset) }
        let year = CivilDate(daysSinceEpoch: second.flooredDivision(by: 86_400).quotient).year
        let transitions = transitions(from: year - 1, through: year + 1)
        let index = transitions.partitioningIndex { $0.time > second }
        guard index > 0 else { return Zone.Stretch(start: lower, end: Zone.end, offset: standardOffset) }
        let next = index < transitions.count ? transitions[index].time : Zone.end
        return Zone.Stretch(
            start: max(transitions[index - 1].time, lower),
            end: min(next, Zone.end),
            offset: transitions[index - 1].offset
        )
    }

    /// All changes in these years, in order. Where summer time lasts all year, one year's ends as the next begins and
    /// only the beginning is kept.
    private func transitions(from first: Int64, through last: Int64) -> [Zone.Transition] {
        guard let summer else { return [] }
        var result: [Zone.Transition] = []
        result.reserveCapacity(6)
        for year in first...last {
            let start = summer.start.second(in: year) - standardOffset
            let end = summer.end.second(in: year) - summer.offset
            result.append(Zone.Transition(time: start, offset: summer.offset))
            result.append(Zone.Transition(time: end, offset: standardOffset))
        }
        // Standard time first where two fall together: the later one in the list holds.
        result.sort { ($0.time, $0.offset == summer.offset ? 1 : 0) < ($1.time, $1.offset == summer.offset ? 1 : 0) }
        return result
    }
}

extension ZoneRule.Change {
    /// Local seconds since 1970-01-01T00:00 of this change in that year.
    fileprivate func second(in year: Int64) -> Int64 {
        let newYear = firstDay(of: 1, in: year)
        let days: Int64 =
            switch day {
            case .julian(let day): newYear + day - 1 + (day > 59 && CivilDate.isLeap(year) ? 1 : 0)
            case .ordinal(let day): newYear + day
            case .weekday(let month, let week, let day): Self.weekday(day, week: week, month: month, year: year)
            }
        return days * 86_400 + time
    }

    private static func weekday(_ day: Int64, week: Int64, month: Int64, year: Int64) -> Int64 {
        let first = firstDay(of: month, in: year)
        let until = (day - weekday(ofDay: first) + 7) % 7
        let found = until + (week - 1) * 7
        return first + (found < CivilDate.days(in: month, of: year) ? found : found - 7)
    }

    private static func weekday(ofDay day: Int64) -> Int64 {
        ReeveScheduler.weekday(ofDay: day)
    }
}

/// 0 is Sunday; `day` counts from 1970-01-01, a Thursday.
func weekday(ofDay day: Int64) -> Int64 {
    (day + 4).flooredDivision(by: 7).remainder
}

/// The first day of a month, in days since 1970-01-01; `month` is 1 to 12.
func firstDay(of month: Int64, in year: Int64) -> Int64 {
    CivilDate(year: year, month: month, day: 1)?.daysSinceEpoch ?? 0
}
