import ReeveProtocol

/// From local time to the time line: how an expression goes through changes of the clocks.
///
/// An interval-like expression is due at every matching local second that really passes: in both passes of a repeated
/// hour, and not in one that is left out. A wall-clock-like one counts a repeated time in its first pass only, and
/// times that are left out become one slot at the first moment after the gap; a gap of three hours or more is a day
/// taken out of the calendar and makes none.
///
/// All times are in seconds; `next` is always later than what it is asked about and `previous` always earlier, because
/// both only ever look into that direction on the time line.
extension CronExpression {
    private static let longestGap: Int64 = 3 * 3600
    /// More than any zone is from UTC.
    private static let farthest: Int64 = 27 * 3600

    private static func day(of second: Int64) -> Int64 {
        second.flooredDivision(by: 86_400).quotient
    }

    /// What of a stretch is due: local seconds from `from` on, and perhaps its very beginning, for a gap before it.
    private struct Window {
        var stretch: Zone.Stretch
        var from: Int64
        var gapSlot: Bool
    }

    private func window(_ stretch: Zone.Stretch, in zone: Zone) -> Window {
        guard !isIntervalLike else { return Window(stretch: stretch, from: stretch.localStart, gapSlot: false) }
        let new = zone.firstNewLocalSecond(in: stretch)
        let gap = stretch.localStart - new
        let gapSlot = gap > 0 && gap < Self.longestGap && first(from: new, before: stretch.localStart) != nil
        return Window(stretch: stretch, from: max(new, stretch.localStart), gapSlot: gapSlot)
    }

    /// The first due second after `second`.
    func next(after second: Int64, in zone: Zone) -> Int64? {
        guard second < Zone.end - 1 else { return nil }
        let start = max(second + 1, Zone.beginning)
        // No stretch before the next due day can have a slot: an expression that is due in 2096 only, or never, takes
        // no walk through all changes of the clocks until then.
        guard let day = firstDay(from: Self.day(of: start - Self.farthest), through: Self.day(of: Zone.end)) else {
            return nil
        }
        var current: Zone.Stretch? = zone.stretch(at: max(start, day * 86_400 - Self.farthest))
        while let stretch = current {
            let window = window(stretch, in: zone)
            if window.gapSlot, stretch.start >= start { return stretch.start }
            let from = max(window.from, start + stretch.offset)
            if let found = first(from: from, before: stretch.localEnd) { return found - stretch.offset }
            current = zone.stretch(after: stretch)
        }
        return nil
    }

    /// The last due second before `second`.
    func previous(before second: Int64, in zone: Zone) -> Int64? {
        guard second > Zone.beginning else { return nil }
        let end = min(second, Zone.end)
        guard let day = lastDay(upTo: Self.day(of: end + Self.farthest), from: Self.day(of: Zone.beginning)) else {
            return nil
        }
        var current: Zone.Stretch? = zone.stretch(at: min(end - 1, (day + 1) * 86_400 + Self.farthest))
        while let stretch = current {
            let window = window(stretch, in: zone)
            let before = min(stretch.localEnd, end + stretch.offset)
            if let found = last(from: window.from, before: before) { return found - stretch.offset }
            if window.gapSlot { return stretch.start }
            current = zone.stretch(before: stretch)
        }
        return nil
    }

    /// How many seconds after `first` and up to `last` are due.
    func count(after first: Int64, through last: Int64, in zone: Zone) -> Int64 {
        let start = max(min(first, Zone.end - 1) + 1, Zone.beginning)
        let end = min(last, Zone.end - 1) + 1
        guard start < end else { return 0 }
        var count: Int64 = 0
        var current: Zone.Stretch? = zone.stretch(at: start)
        while let stretch = current, stretch.start < end {
            let window = window(stretch, in: zone)
            let from = max(window.from, start + stretch.offset)
            count += self.count(from: from, before: min(stretch.localEnd, end + stretch.offset))
            // The moment after a gap counts once, even if its own local time is due as well.
            if window.gapSlot, stretch.start >= start,
                self.count(from: stretch.localStart, before: stretch.localStart + 1) == 0
            {
                count += 1
            }
            current = zone.stretch(after: stretch)
        }
        return count
    }

    /// Why the slot at `second` is where it is, if a change of the clocks has to do with it.
    func note(for second: Int64, in zone: Zone) -> String? {
        let stretch = zone.stretch(at: second)
        let new = zone.firstNewLocalSecond(in: stretch)
        let local = second + stretch.offset
        if second == stretch.start, new < local, window(stretch, in: zone).gapSlot,
            first(from: local, before: local + 1) == nil
        {
            return "the clocks go forward past its time; it is due at the first moment after"
        }
        if local < new { return "second pass of a local time that comes twice" }
        if let after = zone.stretch(after: stretch), local >= after.localStart {
            return isIntervalLike
                ? "first pass of a local time that comes twice"
                : "this local time comes twice; only the first is due"
        }
        return nil
    }
}
