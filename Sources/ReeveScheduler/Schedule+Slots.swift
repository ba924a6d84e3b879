package import ReeveProtocol

extension Schedule {
    /// The first slot of a revision that is not decided yet; `nil` if there is none.
    ///
    /// - Parameters:
    ///   - anchor: the time of the put that made the revision: what was due before is none of it.
    ///   - watermark: up to where slots are decided.
    func first(anchor: Timestamp, watermark: Timestamp?) -> Timestamp? {
        let decided = watermark ?? Timestamp(milliseconds: .min)
        switch kind {
        case .once: return max(anchor, decided + .milliseconds(1))
        case .at(let due): return due > decided && due >= anchor ? due : nil
        default: return next(after: max(anchor, decided), anchor: anchor)
        }
    }

    /// The first slot after `time`, always strictly later; `nil` if there is none (any more), and for boot schedules.
    ///
    /// - Parameter anchor: the time of the put that made the task's revision.
    package func next(after time: Timestamp, anchor: Timestamp) -> Timestamp? {
        let start = from.map { max(time, $0 - .milliseconds(1)) } ?? time
        guard let slot = unboundedNext(after: start, anchor: anchor), slot <= until ?? slot else { return nil }
        return slot
    }

    /// The same as if it never ended: what a period is measured by.
    func unboundedNext(after time: Timestamp, anchor: Timestamp) -> Timestamp? {
        switch kind {
        case .cron(let expression):
            return expression.next(after: time.second, in: zone).map(Timestamp.init(seconds:))
        case .rate(let period):
            guard time >= anchor else { return anchor + period }
            let passed = time.distance(from: anchor) / period.milliseconds
            return slot(passed + 1, period, anchor).flatMap { $0 > time ? $0 : nil }
        case .at(let slot): return slot > time ? slot : nil
        case .once: return anchor > time ? anchor : nil
        case .nextBoot, .everyBoot: return nil
        }
    }

    /// The last slot before `time`, always strictly earlier.
    package func previous(before time: Timestamp, anchor: Timestamp) -> Timestamp? {
        let end = until.map { min(time, $0 + .milliseconds(1)) } ?? time
        guard let slot = unboundedPrevious(before: end, anchor: anchor), slot >= from ?? slot else { return nil }
        return slot
    }

    private func unboundedPrevious(before time: Timestamp, anchor: Timestamp) -> Timestamp? {
        switch kind {
        case .cron(let expression):
            // The second that holds the millisecond before is the last that can have begun before.
            let second = (time - .milliseconds(1)).second
            return expression.previous(before: second.addingSaturated(1), in: zone).map(Timestamp.init(seconds:))
        case .rate(let period):
            guard time > anchor else { return nil }
            let passed = (time.distance(from: anchor) - 1) / period.milliseconds
            return passed > 0 ? slot(passed, period, anchor) : nil
        case .at(let slot): return slot < time ? slot : nil
        case .once: return anchor < time ? anchor : nil
        case .nextBoot, .everyBoot: return nil
        }
    }

    /// How many slots there are after `first` and up to `last`; it does not walk them one by one.
    package func count(after first: Timestamp, through last: Timestamp, anchor: Timestamp) -> Int {
        let first = from.map { max(first, $0 - .milliseconds(1)) } ?? first
        let last = min(last, until ?? last)
        guard first < last else { return 0 }
        switch kind {
        case .cron(let expression):
            return Int(expression.count(after: first.second, through: last.second, in: zone))
        case .rate(let period):
            func passed(_ time: Timestamp) -> Int64 {
                max(0, time.distance(from: anchor)) / period.milliseconds
            }
            return Int(passed(last) - passed(first))
        case .at, .once:
            return next(after: first, anchor: anchor).map { $0 <= last ? 1 : 0 } ?? 0
        case .nextBoot, .everyBoot: return 0
        }
    }

    private func slot(_ number: Int64, _ period: Interval, _ anchor: Timestamp) -> Timestamp? {
        let (distance, overflow) = number.multipliedReportingOverflow(by: period.milliseconds)
        return overflow ? nil : anchor + Interval(milliseconds: distance)
    }
}

extension Timestamp {
    /// The second that this time is in.
    fileprivate var second: Int64 { milliseconds.flooredDivision(by: 1000).quotient }

    /// Milliseconds since `earlier`, or the nearest number that there is.
    fileprivate func distance(from earlier: Timestamp) -> Int64 {
        let (distance, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return overflow ? (milliseconds < 0 ? .min : .max) : distance
    }
}
