import ReeveProtocol
import ReeveStore
import Testing

@testable import ReeveScheduler

/// The rule by which slots become runs, without clock and store.
@Suite struct TimetableTests {
    private let anchor = Timestamp(seconds: 1_800_000_000)  // 2027-01-15T08:00:00Z

    private func timetable(
        _ text: String,
        missed: MissedPolicy? = nil,
        startBy: Interval? = nil,
        jitter: JitterDefinition? = nil,
        pause: Pause? = nil
    ) throws -> Timetable {
        let schedule = try Schedule(text: text, zones: zones)
        return Timetable(
            schedule: schedule,
            anchor: anchor,
            watermark: nil,
            missed: missed ?? schedule.defaultMissed,
            startBy: startBy,
            spread: Spread(jitter, agentID: "agent", task: "task"),
            pause: pause
        )
    }

    private func decide(_ timetable: Timetable, from first: Interval, now: Interval, since: Interval = .zero)
        -> SlotDecision?
    {
        timetable.decide(from: anchor + first, now: anchor + now, watchingSince: anchor + since)
    }

    private func starts(_ decision: SlotDecision?) -> [(due: Interval, trigger: Trigger)] {
        (decision?.actions ?? []).compactMap { action in
            guard case .start(let due, let trigger) = action else { return nil }
            return (due.since(anchor), trigger)
        }
    }

    private func passed(_ decision: SlotDecision?) -> [PassedSlots] {
        (decision?.actions ?? []).compactMap { action in
            guard case .record(let slots) = action else { return nil }
            return slots
        }
    }

    @Test func `a slot starts at its time and the next comes from it`() throws {
        let table = try timetable("rate(10m)")
        #expect(table.firstSlot() == Slot(due: anchor + .minutes(10), fire: anchor + .minutes(10)))
        #expect(decide(table, from: .minutes(10), now: .minutes(10) - .milliseconds(1)) == nil)
        let decision = decide(table, from: .minutes(10), now: .minutes(10) + .milliseconds(900))
        #expect(decision?.actions == [.start(due: anchor + .minutes(10), .schedule)])
        #expect(decision?.watermark == anchor + .minutes(10))
        #expect(decision?.next?.due == anchor + .minutes(20))
    }

    @Test func `slots of every second that are found together all start`() throws {
        let decision = decide(try timetable("* * * * * *"), from: .seconds(1), now: .seconds(3))
        #expect(starts(decision).map(\.due) == [.seconds(2), .seconds(3)])
        #expect(passed(decision).map(\.count) == [1])
        let all = decide(try timetable("rate(1s)"), from: .seconds(1), now: .seconds(3))
        #expect(starts(all).map(\.due) == [.seconds(1), .seconds(2), .seconds(3)])
    }

    @Test func `after downtime a rate is made up for once, and the others are told as one`() throws {
        let decision = decide(try timetable("rate(10m)"), from: .minutes(10), now: .minutes(95), since: .minutes(94))
        #expect(starts(decision).map(\.due) == [.minutes(90)])
        #expect(starts(decision).map(\.trigger) == [.catchUp])
        let missed = try #require(passed(decision).first)
        #expect(missed.outcome == .missed && missed.cause == "superseded")
        #expect(missed.covers == Covers(count: 8, from: anchor + .minutes(10), to: anchor + .minutes(80)))
        #expect(decision?.watermark == anchor + .minutes(90))
        #expect(decision?.next?.due == anchor + .minutes(100))
    }

    @Test func `a cron slot starts late within half its period, and is missed after that`() throws {
        let table = try timetable("0 * * * *")
        let within = decide(table, from: .hours(1), now: .hours(1) + .minutes(30), since: .minutes(80))
        #expect(starts(within).map(\.trigger) == [.catchUp])
        let after = decide(table, from: .hours(1), now: .hours(1) + .minutes(31), since: .minutes(80))
        #expect(starts(after).isEmpty)
        #expect(passed(after).map(\.cause) == ["startBy"])
        #expect(
            passed(after).map(\.reason) == [
                "nobody could start it at its time: it was found 31m late, and may start at most 30m late"
            ]
        )
        #expect(passed(after).first?.covers == nil)
        #expect(after?.next?.due == anchor + .hours(2))
    }

    @Test func `startBy bounds a daily slot to an hour unless the task says otherwise`() throws {
        let since = Interval.hours(20)
        let late = Interval.hours(16) + .minutes(61)
        #expect(starts(decide(try timetable("0 0 * * *"), from: .hours(16), now: late, since: since)).isEmpty)
        let wider = try timetable("0 0 * * *", startBy: .hours(2))
        #expect(starts(decide(wider, from: .hours(16), now: late, since: since)).count == 1)
        let narrow = try timetable("rate(1d)", startBy: .minutes(1))
        #expect(
            passed(decide(narrow, from: .days(1), now: .days(1) + .minutes(2), since: since)).map(\.cause) == [
                "startBy"
            ]
        )
    }

    @Test func `with missed all every slot in time is made up for, up to a bound`() throws {
        let few = decide(
            try timetable("rate(10m)", missed: .all),
            from: .minutes(10),
            now: .minutes(35),
            since: .minutes(35)
        )
        #expect(starts(few).map(\.due) == [.minutes(10), .minutes(20), .minutes(30)])
        let bounded = decide(
            try timetable("rate(10m)", missed: .all, startBy: .minutes(20)),
            from: .minutes(10),
            now: .minutes(55),
            since: .minutes(55)
        )
        #expect(starts(bounded).map(\.due) == [.minutes(40), .minutes(50)])
        #expect(
            passed(bounded).map(\.covers) == [Covers(count: 3, from: anchor + .minutes(10), to: anchor + .minutes(30))]
        )
        let many = decide(try timetable("rate(1m)", missed: .all), from: .minutes(1), now: .days(30), since: .days(30))
        #expect(starts(many).count == MissedPolicy.defaultMost)
        #expect(passed(many).map(\.count) == [43_200 - MissedPolicy.defaultMost])
    }

    @Test func `with missed all of a number the newest are made up for`() throws {
        let table = try timetable("rate(10m)", missed: .all(most: 2))
        let decision = decide(table, from: .minutes(10), now: .minutes(55), since: .minutes(55))
        #expect(starts(decision).map(\.due) == [.minutes(40), .minutes(50)])
        #expect(passed(decision).map(\.cause) == ["superseded"] && passed(decision).map(\.count) == [3])
    }

    @Test func `the last runs of a schedule are its oldest slots, and what would come after them is no slot`() throws {
        var table = try timetable("rate(10m)", missed: .all)
        table.runsLeft = 2
        let decision = decide(table, from: .minutes(10), now: .minutes(55), since: .minutes(55))
        #expect(starts(decision).map(\.due) == [.minutes(10), .minutes(20)] && passed(decision).isEmpty)
        #expect(decision?.next == nil)
        table.runsLeft = 0
        #expect(table.firstSlot() == nil)
    }

    @Test func `a year of missed seconds is decided at once`() throws {
        let decision = decide(try timetable("* * * * * *"), from: .seconds(1), now: .days(365), since: .days(365))
        #expect(passed(decision).map(\.count) == [365 * 86_400 - starts(decision).count])
        #expect(starts(decision).count == 1)
    }

    @Test func `slots of a paused task are skipped`() throws {
        let pause = Pause(by: "uid:1000", at: anchor, reason: "holidays")
        let decision = decide(try timetable("rate(10m)", pause: pause), from: .minutes(10), now: .minutes(30))
        #expect(starts(decision).isEmpty)
        let skipped = try #require(passed(decision).first)
        #expect(skipped.outcome == .skipped && skipped.cause == "paused" && skipped.count == 3)
        #expect(skipped.reason == "the task was paused by uid:1000: holidays")
        #expect(decision?.next?.due == anchor + .minutes(40))
    }

    @Test func `after a pause has run out slots start again`() throws {
        let pause = Pause(by: "uid:1000", at: anchor, until: anchor + .minutes(20))
        let decision = decide(try timetable("rate(10m)", pause: pause), from: .minutes(10), now: .minutes(20))
        #expect(passed(decision).map(\.count) == [1])
        #expect(starts(decision).map(\.due) == [.minutes(20)])
    }

    @Test func `a clock that is set forward makes one late run`() throws {
        let decision = decide(try timetable("rate(10m)"), from: .minutes(10), now: .hours(24) + .minutes(1))
        #expect(starts(decision).map(\.trigger) == [.catchUp])
        #expect(starts(decision).map(\.due) == [.hours(24)])
        #expect(passed(decision).map(\.count) == [143])
    }

    @Test func `the last slot of a schedule has none after it`() throws {
        let decision = decide(try timetable("at(2027-01-15T09:00:00)"), from: .hours(1), now: .hours(1))
        #expect(decision?.next == nil)
        #expect(starts(decision).map(\.due) == [.hours(1)])
    }

    @Test func `a new revision begins after its put and after what is decided`() throws {
        var table = try timetable("0 * * * *")
        #expect(table.firstSlot()?.due == anchor + .hours(1))
        table.watermark = anchor + .hours(5)
        #expect(table.firstSlot()?.due == anchor + .hours(6))
        var once = table
        once.schedule = try Schedule(ScheduleDefinition(.once), hostZone: .utc, zones: zones)
        #expect(once.firstSlot()?.due == anchor + .hours(5) + .milliseconds(1))
        once.watermark = nil
        #expect(once.firstSlot()?.due == anchor)
        var at = try timetable("at(2027-01-15T08:00:00)")
        #expect(at.firstSlot()?.due == anchor)
        at.watermark = anchor
        #expect(at.firstSlot() == nil)
    }

    @Test func `jitter is never early, always the same, and shorter than the period`() throws {
        for name in (0..<200).map({ "task-\($0)" }) {
            let spread = Spread(JitterDefinition(.minutes(5)), agentID: "agent", task: name)
            let delay = spread.delay(of: anchor, period: .hours(1))
            #expect(delay == spread.delay(of: anchor + .hours(1), period: .hours(1)))
            #expect((Interval.zero..<Interval.minutes(5)).contains(delay))
            let short = spread.delay(of: anchor, period: .minutes(1))
            #expect((Interval.zero..<Interval.minutes(1)).contains(short))
        }
        let delays = (0..<200).map { number in
            Spread(JitterDefinition(.minutes(5)), agentID: "agent", task: "task-\(number)").delay(
                of: anchor,
                period: nil
            )
        }
        #expect(Set(delays).count > 190)
        #expect(Spread(nil, agentID: "agent", task: "task").delay(of: anchor, period: .hours(1)) == .zero)
    }

    @Test func `random jitter is another for each slot, and the same for a slot each time`() {
        let spread = Spread(JitterDefinition(.minutes(5), random: true), agentID: "agent", task: "task")
        let delays = (0..<200).map { spread.delay(of: anchor + .hours(Int64($0)), period: .hours(1)) }
        #expect(delays == (0..<200).map { spread.delay(of: anchor + .hours(Int64($0)), period: .hours(1)) })
        #expect(Set(delays).count > 190 && delays.allSatisfy((Interval.zero..<Interval.minutes(5)).contains))
    }

    @Test func `with jitter the slot keeps its nominal time`() throws {
        let table = try timetable("rate(10m)", jitter: JitterDefinition(.minutes(5)))
        let slot = table.slot(anchor + .minutes(10))
        #expect(slot.due == anchor + .minutes(10))
        #expect(slot.fire > slot.due)
        let delay = slot.fire.since(slot.due)
        #expect(decide(table, from: .minutes(10), now: .minutes(10) + delay - .milliseconds(1)) == nil)
        #expect(starts(decide(table, from: .minutes(10), now: .minutes(10) + delay)).map(\.due) == [.minutes(10)])
        // At 20m the second slot is nominally due, but starts later.
        #expect(starts(decide(table, from: .minutes(10), now: .minutes(20))).map(\.due) == [.minutes(10)])
    }

    @Test func `a start of the host is decided once`() {
        func decide(_ decided: String?, isPutSince: Bool = false) -> BootDecision {
            BootDecision(decided: decided, current: "boot-2", isPutSince: isPutSince, pause: nil, now: anchor)
        }
        #expect(decide("boot-2") == .none)
        #expect(decide("boot-1") == .start)
        #expect(decide(nil) == .start)
        #expect(decide(nil, isPutSince: true) == .wait)
    }

    @Test func `a start of the host is skipped for a paused task`() {
        let pause = Pause(by: "uid:0", at: anchor)
        let decision = BootDecision(decided: nil, current: "boot", isPutSince: false, pause: pause, now: anchor)
        #expect(decision == .skip(PassedSlots(pausedBy: pause, count: 1, first: anchor, last: anchor)))
    }
}

extension Interval {
    static func + (left: Interval, right: Interval) -> Interval {
        .milliseconds(left.milliseconds + right.milliseconds)
    }
    static func - (left: Interval, right: Interval) -> Interval {
        .milliseconds(left.milliseconds - right.milliseconds)
    }
}
