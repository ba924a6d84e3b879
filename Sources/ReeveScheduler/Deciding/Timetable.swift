import ReeveProtocol
import ReeveStore

/// A task as far as its slots go: a pure rule without clock or store.
///
/// Each slot is decided once and in order. The next one is computed from the slot before it, never from the present
/// time, so neither an early wake-up nor a clock that was set brings a slot twice.
struct Timetable: Sendable {
    var schedule: Schedule
    /// The time of the put that made the revision.
    var anchor: Timestamp
    /// The last slot decided, over all revisions.
    var watermark: Timestamp?
    var missed: MissedPolicy
    /// What the task or the configuration says; `nil` for the schedule's own default.
    var startBy: Interval?
    var spread: Spread
    var pause: Pause?
    /// How many more runs the schedule makes; `nil`: without end.
    var runsLeft: Int?

    /// A slot found this long after its time was not waited for: the host slept, or its clock was set.
    static let promptness = Interval.seconds(5)

    /// The first slot of a new revision.
    ///
    /// A change of a task is not a miss: it begins after its put, and never at or before what is decided already.
    func firstSlot() -> Slot? {
        guard runsLeft != 0 else { return nil }
        return schedule.first(anchor: anchor, watermark: watermark).map(slot)
    }

    /// The first slot after `now`, for a schedule whose zone has changed: what it would have had before is no miss.
    func firstSlot(after now: Timestamp) -> Slot? {
        guard runsLeft != 0 else { return nil }
        return schedule.next(after: max(now, anchor, watermark ?? anchor), anchor: anchor).map(slot)
    }

    /// Where a slot that is to come has gone to with its zone.
    ///
    /// The only one of its schedule is never lost: should it be in the past now, it is decided as one that was found late.
    func moved(_ planned: Slot, now: Timestamp) -> Slot? {
        switch schedule.kind {
        case .at(let due): due > watermark ?? Timestamp(milliseconds: .min) ? slot(due) : nil
        case .once: planned
        case .cron, .rate, .nextBoot, .everyBoot: firstSlot(after: now)
        }
    }

    /// A slot with its delay.
    func slot(_ due: Timestamp) -> Slot {
        Slot(due: due, fire: schedule.fire(of: due, spread: spread, anchor: anchor))
    }

    /// Decides every slot from `first` on whose time has come; `nil` if it is too early for any.
    ///
    /// - Parameters:
    ///   - first: the nominal time of the first slot that is not decided.
    ///   - watchingSince: since when somebody waits for slots; those before it were found late.
    func decide(from first: Timestamp, now: Timestamp, watchingSince: Timestamp) -> SlotDecision? {
        guard let due = slots(from: first, upTo: now) else { return nil }
        return decide(due, from: first, now: now, watchingSince: watchingSince).ending(after: runsLeft)
    }

    private func decide(_ due: DueSlots, from first: Timestamp, now: Timestamp, watchingSince: Timestamp)
        -> SlotDecision
    {
        var decision = SlotDecision(actions: [], watermark: due.last, next: nil)
        decision.next = schedule.next(after: due.last, anchor: anchor).map(slot)
        guard let pause else {
            decision.actions = actions(for: due, now: now, watchingSince: watchingSince)
            return decision
        }
        guard let until = pause.until, until <= now else {
            decision.actions = [.record(paused(due, pause))]
            return decision
        }
        // The pause has run out: what was due before its end is skipped, the rest is decided as ever.
        var rest: DueSlots? = due
        if let during = slots(from: first, upTo: until - .milliseconds(1)) {
            decision.actions.append(.record(paused(during, pause)))
            rest = schedule.next(after: during.last, anchor: anchor).flatMap { slots(from: $0, upTo: now) }
        }
        if let rest { decision.actions += actions(for: rest, now: now, watchingSince: watchingSince) }
        return decision
    }
}

extension Timetable {
    /// One or more slots, by their nominal times.
    private struct DueSlots {
        var first: Timestamp
        var last: Timestamp
        var count: Int
    }

    /// The slots from `first` on that start at or before `time`.
    private func slots(from first: Timestamp, upTo time: Timestamp) -> DueSlots? {
        guard slot(first).fire <= time else { return nil }
        var last = time + .milliseconds(1)
        repeat {
            // What stands in the store as the first slot counts even where a changed zone has moved it.
            guard let earlier = schedule.previous(before: last, anchor: anchor), earlier > first else {
                return DueSlots(first: first, last: first, count: 1)
            }
            last = earlier
        } while slot(last).fire > time
        return DueSlots(
            first: first,
            last: last,
            count: 1 + schedule.count(after: first, through: last, anchor: anchor)
        )
    }

    private func paused(_ slots: DueSlots, _ pause: Pause) -> PassedSlots {
        PassedSlots(pausedBy: pause, count: slots.count, first: slots.first, last: slots.last)
    }

    /// Which of the slots start: those that were waited for, and of the others as many as the task wants made up for.
    private func actions(for due: DueSlots, now: Timestamp, watchingSince: Timestamp) -> [SlotDecision.Action] {
        let started = slotsToStart(due, now: now, watchingSince: watchingSince)
        var actions: [SlotDecision.Action] = []
        let passed = due.count - started.count
        if passed > 0 {
            let last = started.first.flatMap { schedule.previous(before: $0.due, anchor: anchor) } ?? due.last
            let slots = DueSlots(first: due.first, last: max(last, due.first), count: passed)
            actions.append(.record(missed(slots, now: now, isMadeUpFor: !started.isEmpty)))
        }
        return actions
            + started.map { slot in
                let isLate = isLate(slot, now: now, watchingSince: watchingSince)
                return .start(due: slot.due, isLate ? .catchUp : .schedule)
            }
    }

    /// A run of slots up to the last one, in order.
    private func slotsToStart(_ due: DueSlots, now: Timestamp, watchingSince: Timestamp) -> [Slot] {
        var started: [Slot] = []
        var current: Timestamp? = due.last
        while let time = current, time >= due.first {
            let slot = slot(time)
            guard mayStart(slot, now: now) else { break }
            if isLate(slot, now: now, watchingSince: watchingSince) {
                guard started.count < mostCatchUps else { break }
            }
            started.append(slot)
            current =
                time > due.first ? max(schedule.previous(before: time, anchor: anchor) ?? due.first, due.first) : nil
        }
        return started.reversed()
    }

    /// How many slots are made up for at once; older ones are told as missed.
    private var mostCatchUps: Int {
        if case .all(let most) = missed { most ?? MissedPolicy.defaultMost } else { 1 }
    }

    private func mayStart(_ slot: Slot, now: Timestamp) -> Bool {
        let startBy = startBy ?? schedule.defaultStartBy(missed, slot: slot.due, anchor: anchor)
        return startBy.map { now <= slot.fire + $0 } ?? true
    }

    private func isLate(_ slot: Slot, now: Timestamp, watchingSince: Timestamp) -> Bool {
        slot.fire < watchingSince || now > slot.fire + Self.promptness
    }

    private func missed(_ slots: DueSlots, now: Timestamp, isMadeUpFor: Bool) -> PassedSlots {
        let last = slot(slots.last)
        let late = Interval(milliseconds: now.since(last.fire).milliseconds / 1000 * 1000)
        let startBy = startBy ?? schedule.defaultStartBy(missed, slot: last.due, anchor: anchor)
        let cause = mayStart(last, now: now) ? "superseded" : "startBy"
        var reason = "nobody could start it at its time"
        if cause == "startBy" {
            reason += ": it was found \(late) late" + (startBy.map { ", and may start at most \($0) late" } ?? "")
        } else if isMadeUpFor {
            reason += ": a later slot is started for it (missed: \(missed))"
        }
        return PassedSlots(
            outcome: .missed,
            cause: cause,
            reason: reason,
            count: slots.count,
            first: slots.first,
            last: slots.last
        )
    }
}
