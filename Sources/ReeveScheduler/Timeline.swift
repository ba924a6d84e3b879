package import ReeveProtocol
package import ReeveStore

/// The slots of a task that are still to come: those that are not decided yet.
package struct ComingSlots: Sendable {
    let schedule: Schedule
    let anchor: Timestamp
    /// The nominal time of the first; `nil` if there is none.
    package let first: Timestamp?
    /// How many there are at most; `nil`: as many as the schedule has.
    let most: Int?

    init(schedule: Schedule, anchor: Timestamp, first: Timestamp?, most: Int? = nil) {
        self.schedule = schedule
        self.anchor = anchor
        self.first = most == 0 ? nil : first
        self.most = most
    }

    package init(of task: StoredTask, _ schedule: Schedule) {
        var first = task.nextDue ?? task.nextFire
        if first == nil, !task.isPlanned, !task.completed, !task.removed {
            first = schedule.first(anchor: task.anchor, watermark: task.watermark)
        }
        self.init(schedule: schedule, anchor: task.anchor, first: first, most: schedule.runsLeft(of: task))
    }

    /// How many there are from `start` on and before `end`, without regard to how many there may be.
    fileprivate func count(from start: Timestamp, before end: Timestamp) -> Int {
        guard let first, first < end else { return 0 }
        // What stands in the store as the first slot counts even where the schedule has none there any more.
        let isFirstWithin = first >= start
        let after = isFirstWithin ? first : start - .milliseconds(1)
        return (isFirstWithin ? 1 : 0) + schedule.count(after: after, through: end - .milliseconds(1), anchor: anchor)
    }
}

/// A stretch of time in cells of one length, and what is due in each of them: counted, never walked slot by slot.
package struct Timeline: Sendable, Hashable {
    package let from: Timestamp
    /// Where it ends; not part of it.
    package let until: Timestamp
    package let cells: Int

    /// - Parameter cells: At least 1.
    package init(from: Timestamp, until: Timestamp, cells: Int) {
        self.from = from
        self.until = until
        self.cells = cells
    }

    /// Where a cell begins, counted from 0; that of ``cells`` is the end.
    package func start(of cell: Int) -> Timestamp {
        let (length, number, count) = (until.since(from).milliseconds, Int64(cell), Int64(cells))
        return from + Interval(milliseconds: length / count * number + length % count * number / count)
    }

    /// How many slots fall into each cell, by their nominal times.
    package func counts(_ slots: ComingSlots) -> [Int] {
        var left = left(of: slots)
        return (0..<cells).map { cell in
            let count = min(left, slots.count(from: start(of: cell), before: start(of: cell + 1)))
            left -= count
            return count
        }
    }

    /// The first of them, at most `limit`.
    package func times(_ slots: ComingSlots, limit: Int) -> [Timestamp] {
        var times: [Timestamp] = []
        var slot = slots.first
        if let first = slot, first < from {
            slot = slots.schedule.next(after: from - .milliseconds(1), anchor: slots.anchor)
        }
        let most = min(limit, left(of: slots))
        while times.count < most, let time = slot, time < until {
            times.append(time)
            slot = slots.schedule.next(after: time, anchor: slots.anchor)
        }
        return times
    }

    /// How many of the slots may be from ``from`` on.
    private func left(of slots: ComingSlots) -> Int {
        guard let most = slots.most, let first = slots.first else { return slots.first == nil ? 0 : .max }
        return max(0, most - slots.count(from: first, before: from))
    }
}
