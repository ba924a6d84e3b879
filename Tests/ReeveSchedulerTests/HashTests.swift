import JSON
import ReeveProtocol
import Testing

@testable import ReeveScheduler

/// `H`: a value that is a task's own on a host.
@Suite struct HashTests {
    private func expression(_ text: String, host: String = "web-7", task: String) throws -> CronExpression {
        let hash = TaskHash(host: host, task: task)
        guard case .expression(let expression) = try CronText(text, hash).meaning else {
            throw InvalidValue(path: "", reason: "is no expression")
        }
        return expression
    }

    private func numbers(_ bits: UInt64) -> [Int] { (0..<64).filter { bits >> $0 & 1 == 1 } }

    private static let tasks = (0..<500).map { "task-\($0)" }

    @Test func `it is one value, the same each time, and spread over tasks, hosts and fields`() throws {
        var minutes: Set<Int> = []
        var hours: Set<Int> = []
        for task in Self.tasks {
            let once = try expression("H H * * *", task: task)
            #expect(once == (try expression("h h * * *", task: task)) && once.isHashed)
            #expect(once.minutes.nonzeroBitCount == 1 && once.hours.nonzeroBitCount == 1)
            minutes.formUnion(numbers(once.minutes))
            hours.formUnion(numbers(once.hours))
        }
        #expect(minutes.count == 60 && hours.count == 24)
        let elsewhere = try Self.tasks.filter { task in
            try expression("H * * * *", task: task).minutes
                != expression("H * * * *", host: "web-8", task: task).minutes
        }
        #expect(elsewhere.count > 470)
        // In one task the fields have nothing to do with each other.
        let alike = try Self.tasks.filter { task in
            let both = try expression("H(0-23) H * * *", task: task)
            return numbers(both.minutes) == numbers(both.hours)
        }
        #expect(alike.count < 60)
    }

    @Test(arguments: [("H(10-14) * * * *", 10...14), ("0 H(22-23) * * *", 22...23), ("0 0 H * *", 1...28)])
    func `it stays within its range, and reaches all of it`(_ text: String, _ range: ClosedRange<Int>) throws {
        var seen: Set<Int> = []
        for task in Self.tasks {
            let found = try expression(text, task: task)
            let bits =
                text.hasPrefix("H") ? found.minutes : text.hasPrefix("0 H") ? found.hours : found.days.datesOfMonth
            let numbers = numbers(bits)
            #expect(numbers.count == 1 && numbers.allSatisfy(range.contains))
            seen.formUnion(numbers)
        }
        #expect(seen == Set(range))
    }

    @Test func `with a step it begins anywhere within the first`() throws {
        var begins: Set<Int> = []
        for task in Self.tasks {
            let numbers = numbers(try expression("H/15 * * * *", task: task).minutes)
            #expect(
                numbers.count == 4 && numbers[0] < 15 && zip(numbers, numbers.dropFirst()).allSatisfy { $1 - $0 == 15 }
            )
            begins.insert(numbers[0])
            let within = self.numbers(try expression("H(30-59)/20 * * * *", task: task).minutes)
            #expect((30...49).contains(within[0]) && within.allSatisfy { (30...59).contains($0) })
        }
        #expect(begins == Set(0..<15))
    }

    @Test(arguments: [
        ("H(1) * * * *", "minute \"H(1)\" names no range"), ("H(5-70) * * * *", "minute 70 is out of range"),
        ("H(20-10) * * * *", "minute \"H(20-10)\" ends before it begins"), ("H(1-5 * * * *", "names no range"),
        ("0 0 0 1 1 ? H", "year \"H\": a year is not spread"), ("H-5 * * * *", "\"H\" is neither a number nor a name"),
        ("H/0 * * * *", "the step 0 of the minute is out of range"),
    ])
    func `what is wrong is said`(_ text: String, _ reason: String) throws {
        let problem = refusal(text)
        #expect(problem?.reason.contains(reason) == true, "\(problem.map(String.init(describing:)) ?? "nothing")")
    }
}
