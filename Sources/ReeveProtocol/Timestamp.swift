/// An instant on the UTC time line, in whole milliseconds.
///
/// As text it is RFC 3339 in UTC with three decimals: `2026-11-21T03:20:11.120Z`.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before it.
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package init(seconds: Int64) {
        self.init(milliseconds: seconds * 1000)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    package static func + (time: Timestamp, interval: Interval) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds.addingSaturated(interval.milliseconds))
    }

    package static func - (time: Timestamp, interval: Interval) -> Timestamp {
        Timestamp(milliseconds: time.milliseconds.subtractingSaturated(interval.milliseconds))
    }

    /// How long after `earlier` this is; negative if it is before.
    package func since(_ earlier: Timestamp) -> Interval {
        Interval(milliseconds: milliseconds.subtractingSaturated(earlier.milliseconds))
    }
}

extension Int64 {
    /// The sum, or the nearest value that can be represented.
    package func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest value that can be represented.
    package func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
