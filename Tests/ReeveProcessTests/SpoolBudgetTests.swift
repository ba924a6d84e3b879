import NIOConcurrencyHelpers
import Testing

@testable import ReeveProcess

@Suite struct SpoolBudgetTests {
    let workshop: Workshop

    init() throws {
        workshop = try Workshop()
    }

    private func writer(_ name: String, quota: Int, _ budget: SpoolBudget) -> SpoolWriter {
        var specification = workshop.spool(name, quota: quota)
        specification.budget = budget
        return SpoolWriter(specification)
    }

    /// Writes so many bytes, in order from 0 on, in pieces of a thousand.
    private func write(_ count: Int, to writer: inout SpoolWriter) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SpoolWriter.room + 1000, alignment: 8)
        defer { buffer.deallocate() }
        var written = 0
        while written < count {
            let size = min(1000, count - written)
            for index in 0..<size { buffer[SpoolWriter.room + index] = UInt8((written + index) % 251) }
            writer.append(.output, from: buffer, count: size, time: 0)
            written += size
        }
    }

    private func size(_ name: String) -> Int {
        readFile(workshop.path(name), limit: 1 << 30)?.count ?? 0
    }

    @Test func `a part takes from the whole, and gives back what it does not need`() {
        let whole = SpoolBudget(limit: 100)
        let part = SpoolBudget(limit: 60, within: whole)
        #expect(part.take(50) && !part.take(11) && part.take(10))
        #expect(whole.used == 60 && !whole.take(41) && whole.take(40))
        let other = SpoolBudget(limit: 60, within: whole)
        #expect(!other.take(1) && other.used == 0)
        part.giveBack(60)
        #expect(whole.used == 40 && other.take(60))
    }

    @Test func `a spool takes as much as it is long, and no more when it is closed`() throws {
        let budget = SpoolBudget(limit: 1 << 20)
        var writer = writer("output", quota: 200_000, budget)
        write(5000, to: &writer)
        #expect(budget.used >= size("output"))
        writer.finish()
        #expect(budget.used == size("output"))
        #expect(try SpoolReader(path: workshop.path("output")).read().bytes.count == 5000)
    }

    @Test(arguments: [100_000, 300_000, 1_000_000, 3_000_000])
    func `what is not kept for want of room is counted, and the head and the tail are exact`(count: Int) throws {
        let budget = SpoolBudget(limit: 150_000)
        var writer = writer("output", quota: 4 << 20, budget)
        write(count, to: &writer)
        #expect(budget.used <= 150_000)
        writer.finish()
        #expect(budget.used == size("output"))
        let page = try SpoolReader(path: workshop.path("output")).read(limit: 1 << 23)
        #expect(page.bytes.count + Int(writer.counts.dropped) == count)
        #expect(page.droppedOutput == writer.counts.dropped)
        for chunk in page.chunks {
            let isExact = chunk.bytes.enumerated().allSatisfy { Int($1) == (Int(chunk.offset) + $0) % 251 }
            #expect(isExact)
        }
        let last = try #require(page.chunks.last)
        #expect(Int(last.offset) + last.bytes.count == count)
        #expect(page.bytes.count > min(count - 1, 90_000))
    }

    @Test func `many share what there is, and who comes too late is told`() throws {
        let budget = SpoolBudget(limit: 200_000)
        var writers = (0..<4).map { writer("\($0)", quota: 1 << 20, budget) }
        for round in 0..<100 {
            for index in writers.indices { write(1000 + round, to: &writers[index]) }
        }
        var late = writer("late", quota: 1 << 20, SpoolBudget(limit: 100, within: budget))
        write(1000, to: &late)
        #expect(late.counts.spoolTrouble == "the room for output (runner.output) is used up")
        #expect(late.counts.dropped == 1000 && size("late") == 0)
        for index in writers.indices { writers[index].finish() }
        #expect(budget.used == (0..<4).reduce(0) { $0 + size("\($1)") })
        #expect(budget.used <= 200_000)
        for index in writers.indices {
            let page = try SpoolReader(path: workshop.path("\(index)")).read(limit: 1 << 22)
            #expect(page.bytes.count + Int(writers[index].counts.dropped) == Int(writers[index].counts.output))
            #expect(page.bytes.count > 10_000)
        }
    }

    @Test func `it is told when room becomes short, at each hundredth beyond that, and when somebody is refused`() {
        let told = NIOLockedValueBox(0)
        let budget = SpoolBudget(limit: 1000) { told.withLockedValue { $0 += 1 } }
        func calls(of body: () -> Void) -> Int {
            let before = told.withLockedValue { $0 }
            body()
            return told.withLockedValue { $0 } - before
        }
        #expect(calls { _ = budget.take(899) } == 0 && budget.used == 899 && !budget.isShort)
        #expect(calls { _ = budget.take(102) } == 1 && budget.used == 899, "refused")
        #expect(calls { _ = budget.take(1) } == 1 && budget.isShort)
        #expect(calls { for _ in 0..<9 { _ = budget.take(1) } } == 0, "that is known")
        #expect(calls { _ = budget.take(1) } == 1 && budget.used == 910, "another hundredth")
        #expect(calls { budget.giveBack(500) } == 0 && !budget.isShort)
        #expect(calls { budget.adopt(600) } == 1 && budget.isShort, "short again")
    }

    @Test func `what is taken of a part is told by the whole`() {
        let told = NIOLockedValueBox(0)
        let whole = SpoolBudget(limit: 100) { told.withLockedValue { $0 += 1 } }
        let part = SpoolBudget(limit: 95, within: whole)
        #expect(part.take(90) && told.withLockedValue { $0 } == 1)
        #expect(!part.take(6) && whole.used == 90, "the part is used up: nobody was refused by the whole")
    }
}
