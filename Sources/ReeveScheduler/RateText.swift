import JSON
import ReeveProtocol

/// `rate(15m)`: a period, counted from the put that made the task's revision.
enum RateText {
    static let longest = Interval.days(1000)
    static let shortest = Interval.seconds(1)

    /// Whether a text is meant as one.
    static func isMeant(by text: String) -> Bool {
        prefixed(text, "rate")
    }

    /// Letters of any case, blanks before the parenthesis and inside of it.
    static func period(_ text: String) throws(InvalidValue) -> Interval {
        let inner = innerText(text, "rate").flatMap { isPlain($0) ? $0 : nil }
        let written = inner?.lowercased().filter { $0 != " " && $0 != "\t" } ?? ""
        guard let interval = Interval(written) else {
            if isNumberAndUnit(written) { throw tooLong(written) }
            throw InvalidValue(
                path: "",
                reason: "\"\(text)\" is not a rate",
                expected: "such as rate(15m) or rate(1h30m)"
            )
        }
        try check(interval)
        return interval
    }

    /// A rate is between a second and 1000 days.
    static func check(_ interval: Interval) throws(InvalidValue) {
        if interval > longest {
            throw tooLong("\(interval)")
        }
        if interval < shortest {
            throw InvalidValue(path: "", reason: "the rate \(interval) is too short", expected: "at least 1s")
        }
    }

    private static func tooLong(_ rate: String) -> InvalidValue {
        InvalidValue(path: "", reason: "the rate \(rate) is too long", expected: "at most 1000d")
            .caused(by: .rateTooLarge)
    }

    /// Of more digits than a duration can have, perhaps.
    private static func isNumberAndUnit(_ text: String) -> Bool {
        let digits = text.utf8.prefix(while: isDigit)
        return !digits.isEmpty && ["s", "m", "h", "d", "ms"].contains(String(text.dropFirst(digits.count)))
    }

    /// Numbers are not torn apart by blanks: `5 m` is one, `1 5m` is none.
    private static func isPlain(_ text: Substring) -> Bool {
        let words = text.split { $0 == " " || $0 == "\t" }
        return zip(words, words.dropFirst()).allSatisfy { left, right in
            !(left.utf8.last.map(isDigit) ?? false) || !(right.utf8.first.map(isDigit) ?? false)
        }
    }
}

/// Whether a text begins with a word and a parenthesis, perhaps with blanks around the word.
func prefixed(_ text: String, _ word: String) -> Bool {
    let trimmed = text.drop { $0 == " " || $0 == "\t" }
    return trimmed.lowercased().hasPrefix(word)
        && trimmed.dropFirst(word.count).first { $0 != " " && $0 != "\t" } == "("
}

/// What stands in the parentheses of `word(…)`; `nil` if anything stands before or after.
func innerText(_ text: String, _ word: String) -> Substring? {
    guard text.lowercased().hasPrefix(word), text.hasSuffix(")") else { return nil }
    let rest = text.dropFirst(word.count).drop { $0 == " " || $0 == "\t" }
    guard rest.first == "(" else { return nil }
    let inner = rest.dropFirst().dropLast()
    return inner.contains("(") || inner.contains(")") ? nil : inner
}
