import JSON

/// A cron text, read: the expression, and the zone that stood at its end.
struct CronText: Sendable, Hashable {
    enum Meaning: Sendable, Hashable {
        case expression(CronExpression)
        /// `@reboot`
        case everyBoot
    }

    var meaning: Meaning
    /// As it was written.
    var zoneName: String?

    private static let shorthands = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]
    private static let longest = 1000
    private static let forms =
        "five fields (minute hour day-of-month month day-of-week), six (second first) or seven (year last), "
        + "then a time zone if wanted; or @hourly, @daily, @weekly, @monthly, @yearly, @reboot"

    /// Throws an ``InvalidValue`` at the path `""`.
    /// - Parameter hash: What `H` stands for.
    init(_ text: String, _ hash: TaskHash) throws(InvalidValue) {
        guard text.utf8.count <= Self.longest else {
            throw InvalidValue(path: "", reason: "is longer than \(Self.longest) characters", expected: Self.forms)
        }
        let words = text.split { $0 == " " || ("\t"..."\r").contains($0) || $0 == "\r\n" }
        if let first = words.first, first.hasPrefix("@") {
            try self.init(shorthand: first, rest: words.dropFirst(), hash)
        } else {
            try self.init(fields: words, text, hash)
        }
    }

    private init(shorthand: Substring, rest: ArraySlice<Substring>, _ hash: TaskHash) throws(InvalidValue) {
        let name = shorthand.lowercased()
        guard rest.count <= 1 else {
            throw InvalidValue(path: "", reason: "has more than a time zone after \(shorthand)", expected: Self.forms)
        }
        zoneName = rest.first.map(String.init)
        if name == "@reboot" {
            meaning = .everyBoot
        } else if let fields = Self.shorthands[name] {
            meaning = .expression(try Self.expression(fields.split(separator: " "), hash))
        } else {
            let close = nearest(name, among: Self.shorthands.keys.sorted() + ["@reboot"])
            throw InvalidValue(
                path: "",
                reason: "\"\(shorthand)\" is unknown",
                expected: "@hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually or @reboot",
                hint: close.map { "did you mean \($0)?" }
            )
        }
    }

    private init(fields words: [Substring], _ text: String, _ hash: TaskHash) throws(InvalidValue) {
        var fields = words
        if let last = words.last, Self.endsWithZone(words, last: last) {
            zoneName = String(last)
            fields.removeLast()
        }
        guard (5...7).contains(fields.count) else {
            let count = "\(fields.count) field\(fields.count == 1 ? "" : "s")"
            throw InvalidValue(
                path: "",
                reason: fields.isEmpty ? "is empty" : "\"\(text)\" has \(count)",
                expected: Self.forms
            )
        }
        meaning = .expression(try Self.expression(fields, hash))
    }

    /// After five fields only what cannot be a day of the week is a zone; after six, what cannot be a year.
    private static func endsWithZone(_ words: [Substring], last: Substring) -> Bool {
        switch words.count {
        case 6: looksLikeZone(last)
        case 7: !last.allSatisfy { "0123456789*?/,-Hh()".contains($0) }
        case 8: true
        default: false
        }
    }

    private static func looksLikeZone(_ word: Substring) -> Bool {
        let upper = word.uppercased()
        if ["UTC", "GMT", "Z"].contains(upper) || upper.hasPrefix("GMT+") || upper.hasPrefix("GMT-") { return true }
        guard let slash = upper.utf8.firstIndex(of: UInt8(ascii: "/")) else { return false }
        let after = upper.utf8[upper.utf8.index(after: slash)...]
        return upper.utf8.first.map(isLetter) ?? false && after.first.map(isLetter) ?? false
    }

    private static func expression(_ words: [Substring], _ hash: TaskHash) throws(InvalidValue) -> CronExpression {
        let zero = ParsedField(numbers: [0])
        let any = ParsedField(isAny: true)
        let second = words.count > 5 ? try CronFieldParser.parse(words[0], as: .second, hash) : zero
        let rest = words.count > 5 ? words.dropFirst() : words[...]
        let start = rest.startIndex
        return CronExpression(
            second: second,
            minute: try CronFieldParser.parse(rest[start], as: .minute, hash),
            hour: try CronFieldParser.parse(rest[start + 1], as: .hour, hash),
            dayOfMonth: try CronFieldParser.parse(rest[start + 2], as: .dayOfMonth, hash),
            month: try CronFieldParser.parse(rest[start + 3], as: .month, hash),
            dayOfWeek: try CronFieldParser.parse(rest[start + 4], as: .dayOfWeek, hash),
            year: rest.count > 5 ? try CronFieldParser.parse(rest[start + 5], as: .year, hash) : any
        )
    }
}
