import JSON

/// What was written in one field.
struct ParsedField: Sendable, Hashable {
    /// Numbers, in any order, perhaps repeated.
    var numbers: [Int] = []
    var days: [SpecialDay] = []
    /// `*` or `?` stood somewhere in the list: everything counts.
    var isAny = false
    /// The only item was `*` with a step.
    var isSteppedStar = false
    /// `H` stood in it.
    var isHashed = false
    var remarks: [CronRemark] = []
}

/// Something that can be meant, but seldom is.
enum CronRemark: Sendable, Hashable {
    case anyInList(CronField)
    case emptyItem(CronField)
    /// The steps do not fill the cycle: the last is shorter.
    case unevenStep(CronField, Int)
}

/// Reads one field of a cron expression.
struct CronFieldParser {
    private let field: CronField
    private let text: Substring
    private let hash: TaskHash
    private var result = ParsedField()

    private init(_ field: CronField, _ text: Substring, _ hash: TaskHash) {
        self.field = field
        self.text = text
        self.hash = hash.with(field.salt)
    }

    /// Throws an ``InvalidValue`` at the path `""` that names the field and the character.
    /// - Parameter hash: What `H` stands for.
    static func parse(_ text: Substring, as field: CronField, _ hash: TaskHash) throws(InvalidValue) -> ParsedField {
        var parser = CronFieldParser(field, text, hash)
        try parser.parseList()
        return parser.result
    }

    private mutating func parseList() throws(InvalidValue) {
        let items = text.split(separator: ",", omittingEmptySubsequences: false)
        let written = items.filter { !$0.isEmpty }
        guard !written.isEmpty else {
            throw problem(text, "\(field.name) names nothing")
        }
        if written.count < items.count { result.remarks.append(.emptyItem(field)) }
        for item in written { try parse(item) }
        if result.isAny, written.count > 1 { result.remarks.append(.anyInList(field)) }
        result.isSteppedStar = written.count == 1 && text.hasPrefix("*/")
    }

    private mutating func parse(_ item: Substring) throws(InvalidValue) {
        if item == "*" || item == "?" {
            result.isAny = true
        } else if try !parseSpecialDay(item) {
            try parseRange(item)
        }
    }

    /// A value, a range, or either with a step.
    private mutating func parseRange(_ item: Substring) throws(InvalidValue) {
        let parts = item.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            throw problem(parts[2], "\(field.name) \"\(item)\" has more than one step")
        }
        let step: Int? = parts.count == 2 ? try parseStep(parts[1]) : nil
        let base = parts[0]
        if let range = try hashedRange(base) {
            insertHashed(range, step: step)
        } else if base == "*" {
            if let step, field.values.count % step != 0, field.isCyclic, field != .dayOfMonth {
                result.remarks.append(.unevenStep(field, step))
            }
            insert(from: field.values.lowerBound, to: field.values.upperBound, step: step ?? 1)
        } else if base.contains("-") {
            let ends = base.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2 else { throw problem(base, "\(field.name) \"\(base)\" is not a range") }
            try insertRange(from: value(ends[0]), to: value(ends[1]), step: step ?? 1, base)
        } else {
            let first = folded(try value(base))
            insert(from: first, to: step == nil ? first : field.values.upperBound, step: step ?? 1)
        }
    }

    private mutating func insertRange(
        from first: Int,
        to last: Int,
        step: Int,
        _ text: Substring
    ) throws(InvalidValue) {
        // Sunday is the day before Monday where a range begins with it, and else the day after Saturday.
        var last = field == .dayOfWeek && first == 7 ? folded(last) : last
        let first = folded(first)
        if field == .dayOfWeek, last == 0, first > 0 { last = 7 }
        if first <= last {
            insert(from: first, to: last, step: step)
        } else if field.isCyclic {
            insert(from: first, to: last + field.values.count, step: step)
        } else {
            throw problem(text, "\(field.name) \"\(text)\" ends before it begins", hint: "swap the two")
        }
    }

    /// What `H`, which stands for one value of all, or `H(5-20)`, for one of these, may be; `nil` if it is neither.
    private func hashedRange(_ base: Substring) throws(InvalidValue) -> ClosedRange<Int>? {
        guard base == "H" || base == "h" || base.hasPrefix("H(") || base.hasPrefix("h(") else { return nil }
        guard field != .year else { throw problem(base, "year \"\(base)\": a year is not spread") }
        // Each month has the days to the 28th.
        guard base.count > 1 else { return field == .dayOfMonth ? 1...28 : field.values }
        let ends = base.dropFirst(2).dropLast().split(separator: "-", omittingEmptySubsequences: false)
        guard base.hasSuffix(")"), ends.count == 2 else {
            throw problem(base, "\(field.name) \"\(base)\" names no range", expected: "H, or H(5-20)")
        }
        // 7 stays 7 here: which number it is says what is chosen.
        let (first, last) = (try value(ends[0]), try value(ends[1]))
        guard first <= last else {
            throw problem(base, "\(field.name) \"\(base)\" ends before it begins", hint: "swap the two")
        }
        return first...last
    }

    /// One of the range, or with a step the first of those within it.
    private mutating func insertHashed(_ range: ClosedRange<Int>, step: Int?) {
        result.isHashed = true
        let count = min(step ?? range.count, range.count)
        let first = range.lowerBound + Int(hash.number(below: UInt64(count)))
        insert(from: first, to: step == nil ? first : range.upperBound, step: step ?? 1)
    }

    /// Inserts every `step`th number, carrying those past the end over to the beginning of the cycle.
    private mutating func insert(from first: Int, to last: Int, step: Int) {
        for number in stride(from: first, through: last, by: step) {
            result.numbers.append(number > field.values.upperBound ? number - field.values.count : number)
        }
    }

    /// 7 as Sunday becomes 0.
    private func folded(_ number: Int) -> Int {
        field == .dayOfWeek && number == 7 ? 0 : number
    }

    private func parseStep(_ text: Substring) throws(InvalidValue) -> Int {
        let expected = "1–\(field.longestStep)"
        guard let step = digits(text, atMost: 4) else {
            throw problem(text, "the step \"\(text)\" of the \(field.name) is not a number", expected: expected)
        }
        guard (1...field.longestStep).contains(step) else {
            throw problem(text, "the step \(step) of the \(field.name) is out of range", expected: expected)
        }
        return step
    }

    private func value(_ text: Substring) throws(InvalidValue) -> Int {
        if let number = digits(text, atMost: 9) {
            guard field.written.contains(number) else {
                throw problem(text, "\(field.name) \(number) is out of range", expected: field.expected)
            }
            guard text.utf8.count <= max(2, String(field.written.upperBound).utf8.count) else {
                throw problem(text, "\(field.name) \"\(text)\" has too many zeros", expected: field.expected)
            }
            return number
        }
        let word = text.uppercased()
        if let number = field.number(ofWord: word) { return number }
        throw unknown(text, word: word)
    }

    private func unknown(_ text: Substring, word: String) -> InvalidValue {
        if text.isEmpty {
            return problem(
                text,
                "\(field.name) has a range or step with nothing before or after it",
                expected: field.expected
            )
        }
        if word == "?" || word.hasPrefix("?") {
            return problem(text, "\(field.name) \"?\" stands alone, without range or step", hint: "write * instead")
        }
        let close = nearest(word, among: field.words.map { String($0.prefix(3)) } + field.words)
        return problem(
            text,
            "\(field.name) \"\(text)\" is neither a number nor a name",
            expected: field.expected,
            hint: close.map { "did you mean \($0)?" }
        )
    }

    private func digits(_ text: Substring, atMost count: Int) -> Int? {
        (1...count).contains(text.utf8.count) && text.utf8.allSatisfy(isDigit) ? Int(text) : nil
    }

    /// The error for a piece of this field, with a hint that points at it; moved into place by the expression's parser.
    private func problem(
        _ piece: Substring,
        _ reason: String,
        expected: String? = nil,
        hint: String? = nil
    ) -> InvalidValue {
        let base = text.base
        let position = base.distance(from: base.startIndex, to: piece.startIndex) + 1
        let place = "at character \(position)"
        return InvalidValue(path: "", reason: reason, expected: expected, hint: hint.map { "\(place); \($0)" } ?? place)
    }
}

extension CronFieldParser {
    /// Reads what stands for days counted from a month's end or by weekdays; answers whether the item is one.
    private mutating func parseSpecialDay(_ item: Substring) throws(InvalidValue) -> Bool {
        let upper = Substring(item.uppercased())
        switch field {
        case .dayOfMonth: return try parseDayOfMonth(item, upper)
        case .dayOfWeek: return try parseDayOfWeek(item, upper)
        default:
            guard upper == "L" || upper == "W" || upper == "LW" || item.contains("#") else { return false }
            throw problem(
                item,
                "\(field.name) \"\(item)\": L, W and # belong to the two day fields",
                expected: field.expected
            )
        }
    }

    private mutating func parseDayOfMonth(_ item: Substring, _ upper: Substring) throws(InvalidValue) -> Bool {
        if upper == "L" {
            result.days.append(.last(before: 0))
        } else if upper == "LW" || upper == "WL" {
            result.days.append(.lastWorkday)
        } else if upper.hasPrefix("L-") {
            guard let count = digits(item.dropFirst(2), atMost: 2), (1...30).contains(count) else {
                throw problem(
                    item,
                    "day of month \"\(item)\" counts no days from the month's end",
                    expected: "L-1 to L-30"
                )
            }
            result.days.append(.last(before: count))
        } else if upper.hasSuffix("W") {
            guard let day = digits(item.dropLast(), atMost: 2), (1...31).contains(day) else {
                let expected = "one day before W, 1W to 31W, or LW"
                throw problem(item, "day of month \"\(item)\" names no workday", expected: expected)
            }
            result.days.append(.nearestWorkday(day))
        } else {
            guard item.contains("#") else { return false }
            throw problem(item, "day of month \"\(item)\": # belongs to the day of week")
        }
        return true
    }

    private mutating func parseDayOfWeek(_ item: Substring, _ upper: Substring) throws(InvalidValue) -> Bool {
        if upper == "L" {
            throw problem(item, "day of week \"\(item)\" names no day", expected: "a day before L, such as FRIL or 5L")
        } else if let mark = item.firstIndex(of: "#") {
            let weekday = folded(try value(item[..<mark]))
            let text = item[item.index(after: mark)...]
            guard let number = digits(text, atMost: 1), (1...5).contains(number) else {
                throw problem(text, "day of week \"\(item)\": no month has that one", expected: "1–5 after #")
            }
            result.days.append(.nth(weekday: weekday, number))
        } else if upper.hasSuffix("L"), field.number(ofWord: upper) == nil {
            result.days.append(.lastWeekday(folded(try value(item.dropLast()))))
        } else {
            guard upper.hasSuffix("W"), field.number(ofWord: upper) == nil else { return false }
            throw problem(item, "day of week \"\(item)\": W belongs to the day of month")
        }
        return true
    }
}
