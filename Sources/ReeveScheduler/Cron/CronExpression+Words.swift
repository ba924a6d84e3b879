extension CronExpression {
    /// When it is due, without the zone: "At 03:00 every day".
    var words: String {
        let sentence = ([timeWords, dayWords, monthWords, yearWords].compactMap { $0 }).joined(separator: " ")
        return sentence.prefix(1).uppercased() + sentence.dropFirst()
    }

    /// What becomes of it when the clocks change; empty where they never do.
    func clockChangeWords(in zone: Zone) -> String {
        guard zone.changes else { return "" }
        return isIntervalLike
            ? " It keeps its pace when the clocks change: a repeated hour counts twice, one left out not at all."
            : " When the clocks go forward past its time, it is due at the first moment after; a time that comes twice "
                + "counts once, the first time."
    }

    private var timeWords: String {
        let times = hours.nonzeroBitCount * minutes.nonzeroBitCount * seconds.nonzeroBitCount
        if times <= 6 { return "at " + listed(allTimes) }
        let wantsSeconds = seconds != 1
        let wantsMinutes = minutes.nonzeroBitCount != 60 || !wantsSeconds || !isPace(seconds, .second)
        // "Every 15 minutes" says enough; "minute 5" is of every hour.
        let wantsHours = hours.nonzeroBitCount != 24 || !isPace(minutes, .minute)
        var parts: [String] = []
        if wantsSeconds { parts.append(unitWords(seconds, .second, isFirst: true)) }
        if wantsMinutes { parts.append(unitWords(minutes, .minute, isFirst: parts.isEmpty)) }
        if wantsHours { parts.append(unitWords(hours, .hour, isFirst: false)) }
        return parts.joined(separator: " of ")
    }

    private func isPace(_ set: UInt64, _ field: CronField) -> Bool {
        set.nonzeroBitCount == field.values.count || Self.step(set.numbers, in: field) != nil
    }

    private var allTimes: [String] {
        hours.numbers.flatMap { hour in
            minutes.numbers.flatMap { minute in
                seconds.numbers.map { second in
                    let time = "\(padded(hour)):\(padded(minute))"
                    return seconds == 1 ? time : "\(time):\(padded(second))"
                }
            }
        }
    }

    /// "every second", "every 15 minutes", "every 15th minute from 5", "minutes 5, 10 and 20 to 25".
    private func unitWords(_ set: UInt64, _ field: CronField, isFirst: Bool) -> String {
        let numbers = set.numbers
        if numbers.count == field.values.count { return "every \(field.name)" }
        if let step = Self.step(numbers, in: field) {
            if isFirst, numbers[0] == 0, field.values.count % step == 0 { return "every \(step) \(field.name)s" }
            let from = numbers[0] == field.values.lowerBound ? "" : " from \(numbers[0])"
            return "every \(ordinal(step)) \(field.name)\(from)"
        }
        return "\(field.name)\(numbers.count == 1 ? "" : "s") \(ranges(numbers) { "\($0)" })"
    }

    private var dayWords: String? {
        switch (days.restrictsDate, days.restrictsWeekday) {
        case (false, false): return hours.nonzeroBitCount < 24 ? "every day" : nil
        case (true, false): return "on \(dateWords)"
        case (false, true): return "on \(weekdayWords)"
        case (true, true): return "on \(dateWords) and on \(weekdayWords)"
        }
    }

    private var dateWords: String {
        let dates = days.datesOfMonth.numbers
        if dates.count == 31 { return "every day of the month" }
        let plain = dates.isEmpty ? [] : ["day\(dates.count == 1 ? "" : "s") \(ranges(dates) { "\($0)" }) of the month"]
        return listed(plain + days.special.filter(\.isOfMonth).map(Self.words))
    }

    private var weekdayWords: String {
        let weekdays = days.weekdays.numbers
        if weekdays.count == 7 { return "every day of the week" }
        // A week is told from Monday on.
        let ordered = weekdays.map { $0 == 0 ? 7 : $0 }.sorted()
        let plain = weekdays.isEmpty ? [] : [ranges(ordered) { Self.dayName($0 % 7) }]
        return listed(plain + days.special.filter { !$0.isOfMonth }.map(Self.words))
    }

    private var monthWords: String? {
        guard months.nonzeroBitCount < 12 else { return nil }
        return "in " + ranges(months.numbers) { capitalized(CronField.month.words[$0 - 1]) }
    }

    private var yearWords: String? {
        years == .all ? nil : "in " + ranges(years.years) { "\($0)" }
    }

    private static func words(_ day: SpecialDay) -> String {
        switch day {
        case .last(before: 0): "the last day of the month"
        case .last(before: 1): "the last day but one of the month"
        case .last(let count): "the day \(count) days before the last of the month"
        case .lastWorkday: "the last workday (Monday to Friday) of the month"
        case .nearestWorkday(let date): "the workday (Monday to Friday) nearest to day \(date) of the month"
        case .lastWeekday(let weekday): "the last \(dayName(weekday)) of the month"
        case .nth(let weekday, let number): "the \(ordinal(number)) \(dayName(weekday)) of the month"
        }
    }

    private static func dayName(_ weekday: Int) -> String {
        capitalized(CronField.dayOfWeek.words[weekday])
    }

    /// The common distance of three or more numbers that fill the cycle from the first on.
    static func step(_ numbers: [Int], in field: CronField) -> Int? {
        guard numbers.count > 2 else { return nil }
        let step = numbers[1] - numbers[0]
        let isEven = zip(numbers, numbers.dropFirst()).allSatisfy { $1 - $0 == step }
        guard isEven, step > 1, numbers[numbers.count - 1] + step > field.values.upperBound else { return nil }
        return step
    }
}

/// "1, 2 and 5 to 9".
private func ranges(_ numbers: [Int], _ name: (Int) -> String) -> String {
    var parts: [String] = []
    var index = 0
    while index < numbers.count {
        var end = index
        while end + 1 < numbers.count, numbers[end + 1] == numbers[end] + 1 { end += 1 }
        if end - index >= 2 {
            parts.append("\(name(numbers[index])) to \(name(numbers[end]))")
        } else {
            parts += numbers[index...end].map(name)
        }
        index = end + 1
    }
    return listed(parts)
}

private func listed(_ parts: [String]) -> String {
    guard let last = parts.last, parts.count > 1 else { return parts.first ?? "no time" }
    return parts.dropLast().joined(separator: ", ") + " and " + last
}

private func padded(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}

private func capitalized(_ word: String) -> String {
    word.prefix(1) + word.dropFirst().lowercased()
}

private func ordinal(_ number: Int) -> String {
    switch (number % 10, number % 100) {
    case (1, let rest) where rest != 11: "\(number)st"
    case (2, let rest) where rest != 12: "\(number)nd"
    case (3, let rest) where rest != 13: "\(number)rd"
    default: "\(number)th"
    }
}
