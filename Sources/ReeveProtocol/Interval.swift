/// A length of time in whole milliseconds, written `1h30m`, `250ms`, `7d`.
///
/// The text is one or more numbers, each with its unit: `ms`, `s`, `m`, `h` or `d` (a day is 24 hours).
package struct Interval: Sendable, Hashable, Comparable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func milliseconds(_ value: Int64) -> Interval { Interval(milliseconds: value) }
    package static func seconds(_ value: Int64) -> Interval { Interval(milliseconds: value * 1000) }
    package static func minutes(_ value: Int64) -> Interval { .seconds(value * 60) }
    package static func hours(_ value: Int64) -> Interval { .minutes(value * 60) }
    package static func days(_ value: Int64) -> Interval { .hours(value * 24) }
    package static var zero: Interval { Interval(milliseconds: 0) }

    package static func < (left: Interval, right: Interval) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The same length for a clock of the standard library.
    package var duration: Duration { .milliseconds(milliseconds) }
}

extension Interval {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads `^([0-9]+(ms|s|m|h|d))+$`; `nil` for another text and for more than 2^63 − 1 milliseconds.
    package init?(_ text: some StringProtocol) {
        var total: Int64 = 0
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            guard !digits.isEmpty, let count = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { ("a"..."z").contains($0) }
            guard let unit = Self.units.first(where: { $0.name == letters }) else { return nil }
            rest = rest.dropFirst(letters.count)
            let (part, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
            let (sum, overflowToo) = total.addingReportingOverflow(part)
            guard !overflow, !overflowToo else { return nil }
            total = sum
        }
        milliseconds = total
    }
}

extension Interval: CustomStringConvertible {
    /// The shortest text that reads back as the same length; a negative one starts with `-`.
    package var description: String {
        guard milliseconds != 0 else { return "0s" }
        var rest = milliseconds.magnitude
        var text = milliseconds < 0 ? "-" : ""
        for unit in Self.units {
            let count = rest / UInt64(unit.milliseconds)
            rest %= UInt64(unit.milliseconds)
            if count > 0 { text += "\(count)\(unit.name)" }
        }
        return text
    }
}

extension Interval {
    /// The same length, without what is less than a millisecond.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}

extension Interval {
    /// Without milliseconds, for people, where it is longer than a second.
    package var rounded: Interval {
        milliseconds < 1000 ? self : Interval(milliseconds: milliseconds / 1000 * 1000)
    }
}
