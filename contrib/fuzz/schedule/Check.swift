import ReeveProtocol
import ReeveScheduler

/// What must hold for every schedule that is taken, whatever its text, zone and times are.
struct Check {
    private static let zones = ZoneDatabase()

    let text: String
    let schedule: Schedule
    let anchor: Timestamp

    /// Crashes where something does not hold.
    static func run(_ input: Case) {
        let text = "\(input.definition) on a host in \(input.hostZone)"
        let limit = TimeLimit(text)
        let hostZone = limit.check("hostZone") { try? zones.hostZone(named: input.hostZone) } ?? .utc
        let hash = TaskHash(host: "fuzz", task: input.hostZone)
        let read = limit.check("parse") {
            try? Schedule(input.definition, hostZone: hostZone, zones: zones, hash: hash)
        }
        guard let schedule = read else { return }
        let times = input.times.map(Timestamp.init(milliseconds:))
        let check = Check(text: text, schedule: schedule, anchor: times[0])
        _ = limit.check("explanation") { schedule.explanation }
        for time in times + check.changes(times) { check.check(time, limit) }
        for (first, last) in zip(times, times.dropFirst()) { check.checkSum(first, last, limit) }
    }

    private func require(_ holds: Bool, _ what: String, _ times: Timestamp?...) {
        guard !holds else { return }
        let times = times.map { $0.map { "\($0.milliseconds)" } ?? "none" }.joined(separator: ", ")
        fatalError("\(what): \(text), anchor \(anchor.milliseconds), \(times)")
    }

    private func check(_ time: Timestamp, _ limit: TimeLimit) {
        let next = limit.check("next") { schedule.next(after: time, anchor: anchor) }
        let previous = limit.check("previous") { schedule.previous(before: time, anchor: anchor) }
        require(next.map { $0 > time } ?? true, "next is later", time, next)
        require(previous.map { $0 < time } ?? true, "previous is earlier", time, previous)
        let end = Timestamp(milliseconds: .max)
        if let next {
            let before = limit.check("previous of next") { schedule.previous(before: next, anchor: anchor) }
            require(before.map { $0 <= time } ?? true, "nothing between a time and its next", time, next, before)
            let count = limit.check("count to next") { schedule.count(after: time, through: next, anchor: anchor) }
            require(count == 1, "one slot up to the next, not \(count)", time, next)
            let note = limit.check("note") { schedule.note(for: next) }
            require(note.map { !$0.isEmpty } ?? true, "a note says something", next)
        } else if !schedule.isBoot {
            let count = schedule.count(after: time, through: end, anchor: anchor)
            require(count == 0, "no slot after the last, not \(count)", time)
        }
        if let previous {
            let after = schedule.next(after: previous, anchor: anchor)
            require(after.map { $0 >= time } ?? true, "nothing between a time and its previous", time, previous, after)
            if let next { require(after == next || after == time, "one slot after another", previous, after, next) }
            let count = schedule.count(after: previous, through: time - .milliseconds(1), anchor: anchor)
            require(count == 0, "no slot since the previous, not \(count)", previous, time)
        }
        checkRest(time, limit)
    }

    private func checkRest(_ time: Timestamp, _ limit: TimeLimit) {
        _ = limit.check("problem") { schedule.problem(now: time) }
        _ = limit.check("defaultStartBy") { schedule.defaultStartBy(.skip, slot: time, anchor: anchor) }
        _ = limit.check("localText") { schedule.zone.localText(of: time) }
        let jitter = JitterDefinition(.hours(1), random: time.milliseconds % 2 == 0)
        let fire = limit.check("fire") {
            schedule.fire(of: time, jitter: jitter, agentID: "fuzz", task: "a", anchor: anchor)
        }
        require(fire >= time && fire <= time + .hours(1), "jitter puts off by no more than it may", time, fire)
    }

    /// Slots are counted as often as they are there, however the time is cut.
    private func checkSum(_ one: Timestamp, _ other: Timestamp, _ limit: TimeLimit) {
        let (first, last) = (min(one, other), max(one, other))
        let middle = Timestamp(milliseconds: first.milliseconds / 2 + last.milliseconds / 2)
        let whole = limit.check("count") { schedule.count(after: first, through: last, anchor: anchor) }
        let left = schedule.count(after: first, through: middle, anchor: anchor)
        let right = schedule.count(after: middle, through: last, anchor: anchor)
        require(whole == left + right, "\(whole) slots are \(left) and \(right)", first, middle, last)
        require(left >= 0 && right >= 0, "no fewer slots than none", first, middle, last)
    }

    /// Times at and around a change of the clocks near each of the times, where there is one within the half year after.
    private func changes(_ times: [Timestamp]) -> [Timestamp] {
        times.prefix(3).flatMap { time -> [Timestamp] in
            var low = min(max(time.milliseconds / 1000, 0), 4_102_444_800)
            var high = low + 183 * 86_400
            func offset(_ second: Int64) -> Int64 { schedule.zone.offset(at: Timestamp(seconds: second)) }
            let before = offset(low)
            guard offset(high) != before else { return [] }
            while high - low > 1 {
                let middle = (low + high) / 2
                if offset(middle) == before { low = middle } else { high = middle }
            }
            let around: [Int64] = [-7200, -3600, -1, 0, 1, 1800, 3600, 7200]
            return around.map { Timestamp(seconds: high + $0) } + [Timestamp(milliseconds: high * 1000 - 1)]
        }
    }
}
