import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveScheduler

/// P2 and T-66: over all zones and their changes of 2000 to 2040, against a clock that is simply watched minute by
/// minute; and T-22: texts at random.
@Suite struct SchedulePropertyTests {
    private static let expressions = [
        "*/30 * * * *", "0 * * * *", "15 */2 * * *", "0 */3 * * *", "45 * * * 0", "*/17 0-23 * * *",
        "0 0 * * *", "30 0 * * *", "30 1 * * *", "30 2 * * *", "*/20 2 * * *", "0 3 * * *",
        "*/30 2-3 * * *", "*/15 0-1,5 * * *", "0 1,2,3 * * *",
    ]

    /// The changes of a zone from 2000 to 2040.
    private static func changes(of zone: Zone) -> [Zone.Stretch] {
        var result: [Zone.Stretch] = []
        var stretch = zone.stretch(at: 946_684_800)
        while let next = zone.stretch(after: stretch), next.start < 2_240_524_800 {
            result.append(next)
            stretch = next
        }
        return result
    }

    /// The slots between two times, by watching every minute on the zone's clock.
    private static func watched(_ cron: CronExpression, _ zone: Zone, _ from: Int64, _ to: Int64) -> [Int64] {
        func isDue(_ local: Int64) -> Bool {
            cron.isDue(day: local.flooredDivision(by: 86_400).quotient)
                && cron.hours.has(local.flooredDivision(by: 86_400).remainder / 3600)
                && cron.minutes.has(local.flooredDivision(by: 3600).remainder / 60)
        }
        func local(_ second: Int64) -> Int64 { second + zone.offset(at: Timestamp(seconds: second)) }
        var known = stride(from: from - 172_800, to: from, by: 1800).map { local($0) + 1740 }.max() ?? .min
        known = max(known, local(from - 60))
        var result: [Int64] = []
        for second in stride(from: from, to: to, by: 60) {
            let now = local(second)
            if cron.isIntervalLike {
                if isDue(now) { result.append(second) }
            } else if now > known {
                let missing = now - known - 60
                let skipped =
                    missing > 0 && missing < 10_800
                    && stride(from: known + 60, to: now, by: 60).contains(where: isDue)
                if skipped || isDue(now) { result.append(second) }
            }
            known = max(known, now)
        }
        return result
    }

    @Test func `next, previous and count agree with a clock that is watched`() throws {
        var generator = SeededGenerator(seed: 2026)
        var seen: Set<[Zone.Stretch]> = []
        var checked = 0
        for name in zones.names() {
            let zone = try zones.zone(named: name)
            let changes = Self.changes(of: zone)
            guard seen.insert(changes).inserted else { continue }
            for change in changes.shuffled(using: &generator).prefix(20) {
                let text = try #require(Self.expressions.randomElement(using: &generator))
                try check(text, zone, around: change.start, &generator)
                checked += 1
            }
        }
        #expect(checked > 2000)
    }

    private func check(_ text: String, _ zone: Zone, around change: Int64, _ generator: inout SeededGenerator) throws {
        let schedule = try Schedule(text: text, hostZone: zone, zones: zones)
        guard case .cron(let cron) = schedule.kind else { return }
        let from = change - 3600 * Int64.random(in: 1...4, using: &generator)
        let to = change + 3600 * Int64.random(in: 1...4, using: &generator)
        let expected = Self.watched(cron, zone, from, to)
        var forward: [Int64] = []
        var second = from - 1
        while let next = cron.next(after: second, in: zone), next < to {
            #expect(next > second)
            forward.append(next)
            second = next
        }
        #expect(forward == expected, "\(text) in \(zone.name) from \(from) to \(to)")
        var backward: [Int64] = []
        second = to
        while let previous = cron.previous(before: second, in: zone), previous >= from {
            #expect(previous < second)
            backward.append(previous)
            second = previous
        }
        #expect(backward == expected.reversed(), "\(text) in \(zone.name) from \(from) to \(to)")
        #expect(
            cron.count(after: from - 1, through: to - 1, in: zone) == Int64(expected.count),
            "\(text) in \(zone.name)"
        )
    }

    @Test func `next is later at every change of every zone`() throws {
        var generator = SeededGenerator(seed: 1)
        var seen: Set<[Zone.Stretch]> = []
        let schedules = try Self.expressions.map { try CronText($0, TaskHash(host: "", task: "")).meaning }
        for name in zones.names() {
            let zone = try zones.zone(named: name)
            let changes = Self.changes(of: zone)
            guard seen.insert(changes).inserted else { continue }
            for change in changes {
                guard case .expression(let cron)? = schedules.randomElement(using: &generator) else { continue }
                for second in [
                    change.start - 1, change.start, change.start + Int64.random(in: -7200...7200, using: &generator),
                ] {
                    let next = cron.next(after: second, in: zone)
                    let previous = cron.previous(before: second, in: zone)
                    #expect(next.map { $0 > second } ?? false)
                    #expect(previous.map { $0 < second } ?? false)
                    #expect(next.flatMap { cron.previous(before: $0, in: zone) }.map { $0 <= second } ?? false)
                }
            }
        }
    }

    @Test(arguments: ["Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe", "Europe/Dublin"])
    func `a daily time comes once in each local day`(_ name: String) throws {
        let zone = try zones.zone(named: name)
        let from = try time("2000-01-01T12:00:00"), to = try time("2041-01-01T12:00:00")
        for text in ["0 0 * * *", "30 1 * * *", "15 2 * * *"] {
            let schedule = try Schedule(text: text, hostZone: zone, zones: zones)
            #expect(schedule.count(after: from, through: to, anchor: from) == 14_976)
        }
        let hourly = try Schedule(text: "0 * * * *", hostZone: try zones.zone(named: "Europe/Berlin"), zones: zones)
        #expect(hourly.count(after: from, through: to, anchor: from) == 14_976 * 24)
    }

    @Test func `counts a century at once`() throws {
        let schedule = try Schedule(text: "* * * * * *", zones: zones)
        let from = try time("2000-01-01"), to = try time("2099-01-01")
        #expect(schedule.count(after: from, through: to, anchor: from) == Int(to.since(from).milliseconds / 1000))
    }

    @Test func `random texts never crash and what is taken goes forward`() throws {
        var generator = SeededGenerator(seed: 22)
        let alphabet = Array("0123456789*?/,-LW# AFRIMONDEC")
        let plain = ["*", "0", "1-5", "*/2", "4,5", "3"]
        var taken = 0
        for round in 0..<20_000 {
            let fields = Int.random(in: 5...7, using: &generator)
            let text = (0..<fields).map { _ -> String in
                let isPlain = round % 2 == 0 && Int.random(in: 0..<4, using: &generator) > 0
                if isPlain { return plain.randomElement(using: &generator) ?? "*" }
                let length = Int.random(in: 1...5, using: &generator)
                return String((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "*" })
            }.joined(separator: " ")
            guard let schedule = try? Schedule(text: text, zones: zones) else { continue }
            taken += 1
            var now = Timestamp(seconds: Int64.random(in: 0...4_102_444_800, using: &generator))
            for _ in 0..<3 {
                guard let next = schedule.next(after: now, anchor: now) else { break }
                #expect(next > now, "\(text)")
                #expect(schedule.previous(before: next, anchor: now).map { $0 <= now } ?? true, "\(text)")
                #expect(schedule.count(after: now, through: next, anchor: now) == 1, "\(text)")
                now = next
            }
        }
        #expect(taken > 500)
    }

    @Test(arguments: [Int64.min, Int64.min + 1, -1, 0, 4_102_444_799_000, Int64.max - 1, Int64.max])
    func `the ends of time do no harm`(_ milliseconds: Int64) throws {
        let now = Timestamp(milliseconds: milliseconds)
        for text in ["* * * * * *", "0 3 * * * Europe/Berlin", "rate(1000d)", "at(2020-06-06T13:15:30)"] {
            let schedule = try Schedule(text: text, zones: zones)
            for anchor in [now, Timestamp(seconds: 0)] {
                #expect(schedule.next(after: now, anchor: anchor).map { $0 > now } ?? true)
                #expect(schedule.previous(before: now, anchor: anchor).map { $0 < now } ?? true)
                _ = schedule.count(after: now, through: Timestamp(milliseconds: .max), anchor: anchor)
                _ = schedule.count(after: Timestamp(milliseconds: .min), through: now, anchor: anchor)
            }
            _ = schedule.zone.localText(of: now)
        }
    }
}
