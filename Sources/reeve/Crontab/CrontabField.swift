/// One of the five fields of a crontab's line, as cron(8) of Debian reads it.
struct CrontabField: Equatable {
    enum Kind: String {
        case minute, hour
        case dayOfMonth = "day of month"
        case month
        case dayOfWeek = "day of week"

        /// What may be written; 7 is Sunday, as 0 is.
        var written: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...7
            }
        }

        var all: Set<Int> { Set(self == .dayOfWeek ? 0...6 : written) }

        /// The words that may stand for numbers, from the first one on.
        var names: [String] {
            switch self {
            case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
            default: []
            }
        }

        var expected: String {
            let range = "\(written.lowerBound)-\(written.upperBound)"
            return names.isEmpty ? range : "\(range) or \(names[0])-\(names[names.count - 1])"
        }
    }

    let kind: Kind
    let text: String
    /// What it lets through; Sunday is 0.
    private(set) var numbers: Set<Int> = []
    /// The agent takes a field with a `*` in its list to be open.
    private(set) var hasStar = false
    /// Whether the agent's parser takes the text, and to the same numbers.
    private var isUnderstood = true

    init(_ text: some StringProtocol, _ kind: Kind) throws(CrontabFault) {
        self.kind = kind
        self.text = String(text)
        for item in self.text.split(separator: ",", omittingEmptySubsequences: false) { try read(item) }
    }

    /// cron takes a day field to be open by its first character, whatever comes behind it.
    var beginsWithStar: Bool { text.hasPrefix("*") }

    var isFull: Bool { numbers == kind.all }

    /// For the agent: the text itself where that says the same.
    var expression: String { isUnderstood ? text : hasStar ? "*" : list }

    /// All numbers, as a list of them and of ranges.
    var list: String {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers.sorted() {
            if let last = ranges.last, last.upperBound == number - 1 {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}

extension CrontabField {
    /// `*`, a number or a range; the last also with a step, as `*` may have one.
    private mutating func read(_ item: Substring) throws(CrontabFault) {
        let parts = item.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw fault("\"\(item)\" has more than one step") }
        let ends = (parts.first ?? "").split(separator: "-", omittingEmptySubsequences: false)
        var range = kind.written
        if ends == ["*"] {
            hasStar = hasStar || parts.count == 1
        } else {
            guard ends.count <= 2 else { throw fault("\"\(item)\" is no range") }
            let first = try number(ends[0])
            let last = ends.count == 2 ? try number(ends[1]) : first
            guard first <= last else { throw backward(ends[0], ends[1]) }
            guard parts.count == 1 || ends.count == 2 else { throw steppedNumber(first, parts[1]) }
            range = first...last
            // To the agent a range from 7 is one from 0.
            if kind == .dayOfWeek, first == 7, ends.count == 2 { isUnderstood = false }
        }
        let step = parts.count == 2 ? try self.step(parts[1]) : 1
        for number in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            numbers.insert(kind == .dayOfWeek && number == 7 ? 0 : number)
        }
    }

    private mutating func number(_ word: Substring) throws(CrontabFault) -> Int {
        if let index = kind.names.firstIndex(of: word.lowercased()) {
            return index + kind.written.lowerBound
        }
        guard let number = digits(word) else {
            throw fault("\"\(word)\" is \(kind.names.isEmpty ? "no number" : "neither a number nor a name")")
        }
        guard kind.written.contains(number) else { throw fault("\(number) is out of range") }
        return number
    }

    private mutating func step(_ word: Substring) throws(CrontabFault) -> Int {
        guard let step = digits(word), step > 0 else {
            throw CrontabFault("\(kind.rawValue) \"\(text)\": the step \"\(word)\" is no number from 1 on")
        }
        // A longer step leaves the first number alone. The agent refuses it as a mistake.
        if step > kind.written.upperBound { isUnderstood = false }
        return step
    }

    private mutating func digits(_ word: Substring) -> Int? {
        guard (1...9).contains(word.utf8.count), word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        if word.utf8.count > 2 { isUnderstood = false }
        return Int(word)
    }

    private func fault(_ reason: String) -> CrontabFault {
        let place = "\(kind.rawValue) \"\(text)\""
        let isWhole = reason.hasPrefix("\"\(text)\" ")
        return CrontabFault(
            isWhole ? "\(kind.rawValue) \(reason)" : "\(place): \(reason)",
            hint: "\(kind.expected), *, ranges (1-5), steps of them (*/5, 1-5/2), and lists of all these"
        )
    }

    private func backward(_ first: Substring, _ last: Substring) -> CrontabFault {
        // Sunday ends a week as 7.
        let isSunday = kind == .dayOfWeek && (last == "0" || last.lowercased() == "sun")
        let (low, high) = (kind.written.lowerBound, kind == .dayOfWeek ? 6 : kind.written.upperBound)
        return CrontabFault(
            "\(kind.rawValue) \"\(text)\": \(first)-\(last) ends before it begins, so cron never runs it",
            hint: isSunday ? "\(first)-7" : "\(first)-\(high),\(low)-\(last)"
        )
    }

    private func steppedNumber(_ first: Int, _ step: Substring) -> CrontabFault {
        CrontabFault(
            "\(kind.rawValue) \"\(text)\": cron takes a step behind a range or *, not behind a number alone",
            hint: "\(first)-\(kind.written.upperBound)/\(step) for each from \(first) on, or \(first)"
        )
    }
}
