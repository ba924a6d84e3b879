import ReeveProtocol

/// Days are counted from 1970-01-01.
extension CronExpression {
    func isDue(day: Int64) -> Bool {
        let date = CivilDate(daysSinceEpoch: day)
        return years.has(date.year) && months.has(date.month)
            && days.days(inMonth: date.month, of: date.year).has(date.day)
    }

    /// The first due day from `day` on, if it is not after `last`.
    func firstDay(from day: Int64, through last: Int64) -> Int64? {
        guard day <= last else { return nil }
        let date = CivilDate(daysSinceEpoch: day)
        var (year, month, dayOfMonth) = (date.year, date.month, date.day)
        while let dueYear = years.first(from: year) {
            if dueYear > year { (year, month, dayOfMonth) = (dueYear, 1, 1) }
            while let dueMonth = months.first(from: month) {
                if dueMonth > month { (month, dayOfMonth) = (dueMonth, 1) }
                let start = ReeveScheduler.firstDay(of: month, in: year)
                guard start <= last else { return nil }
                if let found = days.days(inMonth: month, of: year).first(from: dayOfMonth) {
                    let result = start + found - 1
                    return result <= last ? result : nil
                }
                (month, dayOfMonth) = (month + 1, 1)
            }
            (year, month, dayOfMonth) = (year + 1, 1, 1)
        }
        return nil
    }

    /// The last due day up to `day`, if it is not before `first`.
    func lastDay(upTo day: Int64, from first: Int64) -> Int64? {
        guard day >= first else { return nil }
        let date = CivilDate(daysSinceEpoch: day)
        var (year, month, dayOfMonth) = (date.year, date.month, date.day)
        while let dueYear = years.last(upTo: year) {
            if dueYear < year { (year, month, dayOfMonth) = (dueYear, 12, 31) }
            while let dueMonth = months.last(upTo: month) {
                if dueMonth < month { (month, dayOfMonth) = (dueMonth, 31) }
                let start = ReeveScheduler.firstDay(of: month, in: year)
                if let found = days.days(inMonth: month, of: year).last(upTo: dayOfMonth) {
                    let result = start + found - 1
                    return result >= first ? result : nil
                }
                guard start > first else { return nil }
                (month, dayOfMonth) = (month - 1, 31)
            }
            (year, month, dayOfMonth) = (year - 1, 12, 31)
        }
        return nil
    }

    /// How many due days there are from `first` on and before `end`; month by month.
    func countDays(from first: Int64, before end: Int64) -> Int64 {
        guard first < end else { return 0 }
        let from = CivilDate(daysSinceEpoch: first)
        let to = CivilDate(daysSinceEpoch: end)
        var count: Int64 = 0
        for year in max(from.year, YearSet.range.lowerBound)...max(to.year, from.year, YearSet.range.lowerBound)
        where years.has(year) {
            for month in Int64(1)...12 where months.has(month) {
                let index = year * 12 + month
                guard index >= from.year * 12 + from.month, index <= to.year * 12 + to.month else { continue }
                let due = days.days(inMonth: month, of: year)
                count += index == to.year * 12 + to.month ? due.count(below: to.day) : due.count(below: 32)
                if index == from.year * 12 + from.month { count -= due.count(below: from.day) }
            }
        }
        return count
    }
}
