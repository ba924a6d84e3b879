package import ReeveProtocol

/// The offset from UTC of one region through time.
///
/// The time line of a zone is a row of stretches, each with one offset. Whether an offset counts as summer time does
/// not matter to a schedule and is not kept.
package struct Zone: Sendable, Hashable {
    /// A stretch of time with one offset from UTC; all in seconds.
    struct Stretch: Sendable, Hashable {
        /// UTC; ``Zone/beginning`` for the first.
        var start: Int64
        /// UTC, not part of the stretch; ``Zone/end`` for the last.
        var end: Int64
        /// Seconds east of UTC.
        var offset: Int64

        var localStart: Int64 { start + offset }
        var localEnd: Int64 { end + offset }
    }

    struct Transition: Sendable, Hashable {
        /// UTC, seconds.
        var time: Int64
        /// The offset from then on, in seconds east of UTC.
        var offset: Int64
    }

    /// Nothing before 1969-12-25 and nothing from 2100-01-08 on is looked at: schedules end with the year 2099.
    static let beginning: Int64 = -7 * 86_400
    static let end: Int64 = 4_102_444_800 + 7 * 86_400

    /// As it is written in a schedule: `Europe/Berlin`, `UTC`, `GMT+8:00`.
    package let name: String
    private let initialOffset: Int64
    /// Strictly increasing in time; each changes the offset.
    private let transitions: [Transition]
    /// What holds after the last transition.
    private let rule: ZoneRule?

    init(name: String, initialOffset: Int64, transitions: [Transition] = [], rule: ZoneRule? = nil) {
        self.name = name
        self.initialOffset = initialOffset
        self.rule = rule
        var kept: [Transition] = []
        for transition in transitions where transition.offset != (kept.last?.offset ?? initialOffset) {
            kept.append(transition)
        }
        self.transitions = kept
    }

    package static let utc = Zone(name: "UTC", initialOffset: 0)

    /// Whether the offset ever changes between 1970 and 2099.
    package var changes: Bool {
        let first = stretch(at: Self.beginning)
        return first.end < Self.end
    }

    /// Seconds east of UTC at that time.
    package func offset(at time: Timestamp) -> Int64 {
        stretch(at: time.milliseconds.flooredDivision(by: 1000).quotient).offset
    }

    /// The stretch that holds that second; times outside of what is looked at count as its first or last second.
    func stretch(at second: Int64) -> Stretch {
        let second = min(max(second, Self.beginning), Self.end - 1)
        let index = transitions.partitioningIndex { $0.time > second }
        if index == transitions.count, let rule {
            let lower = max(transitions.last?.time ?? Self.beginning, Self.beginning)
            return rule.stretch(at: second, from: lower)
        }
        return Stretch(
            start: index == 0 ? Self.beginning : max(transitions[index - 1].time, Self.beginning),
            end: index == transitions.count ? Self.end : min(transitions[index].time, Self.end),
            offset: index == 0 ? initialOffset : transitions[index - 1].offset
        )
    }

    func stretch(before stretch: Stretch) -> Stretch? {
        stretch.start > Self.beginning ? self.stretch(at: stretch.start - 1) : nil
    }

    func stretch(after stretch: Stretch) -> Stretch? {
        stretch.end < Self.end ? self.stretch(at: stretch.end) : nil
    }

    /// The first local second that no earlier stretch has shown: a stretch begins below it where clocks went back, and
    /// above it where they went forward.
    func firstNewLocalSecond(in stretch: Stretch) -> Int64 {
        var known = Int64.min
        var earlier = stretch
        // Offsets differ by less than 27 hours: what ended two days before cannot reach over.
        while let before = self.stretch(before: earlier), before.end > stretch.start - 2 * 86_400 {
            known = max(known, before.localEnd)
            earlier = before
        }
        return known == .min ? stretch.localStart : known
    }
}

extension Array {
    /// The index of the first element for which the predicate holds; it holds for all after it too.
    func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if predicate(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
