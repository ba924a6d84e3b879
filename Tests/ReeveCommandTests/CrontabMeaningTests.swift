import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveScheduler
@testable import reeve

/// What is imported is due when cron would have run it: cron's way to read a line is written down here once more, as
/// the bits and flags that it has, and held against the agent's own reading of the imported expression.
struct CrontabMeaningTests {
    @Test(arguments: 0..<40)
    func `an imported line is due when cron runs it`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var taken = 0
        for _ in 0..<100 {
            let words = Self.words(&random)
            guard let cron = CronLine(words) else {
                Issue.record("\(words)")
                return
            }
            let time: CrontabTime
            do {
                time = try CrontabTime(words.map { $0[...] })
            } catch {
                #expect(error.reason.contains("makes cron want both to fit"), "\(words): \(error)")
                continue
            }
            taken += 1
            guard case .expression(let expression) = try CronText(time.expression, TaskHash(host: "", task: "")).meaning
            else {
                Issue.record("\(time)")
                return
            }
            #expect(Set(expression.minutes.numbers) == cron.minutes, "\(time)")
            #expect(Set(expression.hours.numbers) == cron.hours, "\(time)")
            #expect(expression.seconds == 1 && expression.years == .all)
            let differs = (0..<1500).first { expression.isDue(day: $0 + 19_000) != cron.isDue(day: $0 + 19_000) }
            #expect(differs == nil, "\(time)")
        }
        #expect(taken > 50)
    }

    /// Five fields that cron takes; the day fields are such as people combine, more often than not.
    private static func words(_ random: inout SeededGenerator) -> [String] {
        var date = field(1, 31, &random)
        if Bool.random(using: &random) {
            date =
                ["*", "*/1", "*/32,1-7", "*/40,8-14,29-31", "1-31", "5,*", "*,5"].randomElement(using: &random) ?? "*"
        }
        return [
            field(0, 59, &random), field(0, 23, &random), date, field(1, 12, &random), field(0, 7, &random),
        ]
    }

    private static func field(_ low: Int, _ high: Int, _ random: inout SeededGenerator) -> String {
        let count = Int.random(in: 1...3, using: &random)
        return (0..<count).map { _ in
            let first = Int.random(in: low...high, using: &random)
            let last = Int.random(in: first...high, using: &random)
            let step = Int.random(in: 1...high + 3, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: return "*"
            case 1: return "*/\(step)"
            case 2: return "\(first)-\(last)"
            case 3: return "\(first)-\(last)/\(step)"
            default: return "\(first)"
            }
        }.joined(separator: ",")
    }
}

private struct CronLine {
    let minutes: Set<Int>
    let hours: Set<Int>
    private let dates: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let isStarred: Bool

    init?(_ words: [String]) {
        guard let minutes = Self.bits(words[0], 0, 59), let hours = Self.bits(words[1], 0, 23),
            let dates = Self.bits(words[2], 1, 31), let months = Self.bits(words[3], 1, 12),
            let weekdays = Self.bits(words[4], 0, 7)
        else { return nil }
        (self.minutes, self.hours, self.dates, self.months) = (minutes, hours, dates, months)
        self.weekdays = Set(weekdays.map { $0 % 7 })
        isStarred = words[2].hasPrefix("*") || words[4].hasPrefix("*")
    }

    func isDue(day: Int64) -> Bool {
        let date = CivilDate(daysSinceEpoch: day)
        let isDate = dates.contains(Int(date.day))
        // 1970-01-01 was a Thursday.
        let isWeekday = weekdays.contains(Int((day + 4) % 7))
        return months.contains(Int(date.month)) && (isStarred ? isDate && isWeekday : isDate || isWeekday)
    }

    private static func bits(_ text: String, _ low: Int, _ high: Int) -> Set<Int>? {
        var bits: Set<Int> = []
        for item in text.split(separator: ",") {
            let parts = item.split(separator: "/")
            let ends = parts[0] == "*" ? [low, high] : parts[0].split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, let step = parts.count == 2 ? Int(parts[1]) : 1 else {
                return nil
            }
            bits.formUnion(stride(from: first, through: last, by: step))
        }
        return bits
    }
}
