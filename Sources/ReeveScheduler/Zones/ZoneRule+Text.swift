extension ZoneRule {
    /// Reads `CET-1CEST,M3.5.0,M10.5.0/3` and its like; `nil` for anything else.
    ///
    /// Summer time without dates follows the rule that POSIX systems assume: the second Sunday of March to the first
    /// of November.
    init?(_ text: String) {
        var scanner = RuleScanner(text)
        guard scanner.name(), let standard = scanner.offset() else { return nil }
        standardOffset = -standard
        guard !scanner.isAtEnd else { return }
        guard scanner.name() else { return nil }
        var summerOffset = standardOffset + 3600
        if !scanner.isAtEnd, !scanner.isAt(",") {
            guard let offset = scanner.offset() else { return nil }
            summerOffset = -offset
        }
        guard !scanner.isAtEnd else {
            let start = Change(day: .weekday(month: 3, week: 2, day: 0), time: 7200)
            let end = Change(day: .weekday(month: 11, week: 1, day: 0), time: 7200)
            summer = Summer(offset: summerOffset, start: start, end: end)
            return
        }
        guard scanner.take(","), let start = scanner.change(), scanner.take(","), let end = scanner.change(),
            scanner.isAtEnd
        else { return nil }
        summer = Summer(offset: summerOffset, start: start, end: end)
    }
}

private struct RuleScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    var isAtEnd: Bool { rest.isEmpty }

    func isAt(_ character: Unicode.Scalar) -> Bool {
        rest.first == UInt8(ascii: character)
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Three or more letters, or anything but `>` between angle brackets.
    mutating func name() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { isLetter($0) }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
        let digits = rest.prefix { isDigit($0) }
        guard (1...3).contains(digits.count), let value = Int64(String(Substring(digits))), range.contains(value) else {
            return nil
        }
        rest = rest.dropFirst(digits.count)
        return value
    }

    /// `[+-]h[:mm[:ss]]` in seconds.
    mutating func time(hours limit: Int64) -> Int64? {
        let sign: Int64 = take("-") ? -1 : (take("+") ? 1 : 1)
        guard let hours = number(0...limit) else { return nil }
        var seconds = hours * 3600
        if take(":") {
            guard let minutes = number(0...59) else { return nil }
            seconds += minutes * 60
            if take(":") {
                guard let rest = number(0...59) else { return nil }
                seconds += rest
            }
        }
        return sign * seconds
    }

    /// Seconds west of UTC, as POSIX counts.
    mutating func offset() -> Int64? {
        time(hours: 26)
    }

    mutating func change() -> ZoneRule.Change? {
        guard let day = day() else { return nil }
        guard take("/") else { return ZoneRule.Change(day: day, time: 7200) }
        return time(hours: 167).map { ZoneRule.Change(day: day, time: $0) }
    }

    private mutating func day() -> ZoneRule.Day? {
        if take("J") { return number(1...365).map { .julian($0) } }
        guard take("M") else { return number(0...365).map { .ordinal($0) } }
        guard let month = number(1...12), take("."), let week = number(1...5), take("."), let day = number(0...6) else {
            return nil
        }
        return .weekday(month: month, week: week, day: day)
    }
}

func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte & 0xDF)
}
