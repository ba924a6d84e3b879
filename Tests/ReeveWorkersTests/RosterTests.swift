import Testing

@testable import ReeveWorkers

struct RosterTests {
    typealias Pool = Roster<String, Int>

    /// A roster whose workers have all asked and found nothing.
    private func idle(_ usual: Int, most: Int = 8) -> Pool {
        var roster = Pool(usual: usual, most: most)
        for worker in 0..<usual { #expect(roster.next(for: worker) == .wait) }
        return roster
    }

    @Test func `jobs are done in their order`() {
        var roster = idle(1)
        #expect(roster.add("a") == .wake(0))
        _ = roster.add("b")
        #expect(roster.next(for: 0) == .job("a"))
        #expect(roster.next(for: 0) == .job("b"))
        #expect(roster.next(for: 0) == .wait)
    }

    @Test func `who was busy last is woken first, and nobody twice`() {
        var roster = idle(3)
        #expect(roster.add("a") == .wake(2))
        #expect(roster.add("b") == .wake(1))
        #expect(roster.add("c") == .wake(0))
        #expect(roster.add("d") == .watch)
        #expect(roster.add("e") == .none)
    }

    @Test func `where jobs wait and one has begun since the last look, nobody is added`() {
        var roster = idle(1)
        _ = roster.add("a")
        _ = roster.next(for: 0)
        #expect(roster.add("b") == .watch)
        #expect(roster.next(for: 0) == .job("b"))
        #expect(roster.add("c") == .none)
        #expect(roster.look() == .again)
        #expect(roster.look() == .grow)
    }

    @Test func `nobody looks while nothing waits`() {
        var roster = idle(1)
        _ = roster.add("a")
        _ = roster.next(for: 0)
        #expect(roster.add("b") == .watch)
        #expect(roster.next(for: 0) == .job("b"))
        #expect(roster.look() == .rest)
        #expect(roster.add("c") == .watch)
    }

    @Test func `a worker that was added does what waits and ends, and there are never too many`() {
        var roster = idle(1, most: 2)
        for job in ["blocked", "b", "c"] { _ = roster.add(job) }
        #expect(roster.next(for: 0) == .job("blocked"))
        #expect(roster.look() == .again)
        #expect(roster.look() == .grow)
        #expect(roster.look() == .again, "there are as many as there may be")
        #expect(roster.workers == 2)
        #expect(roster.next(for: 1) == .job("b"))
        #expect(roster.next(for: 1) == .job("c"))
        #expect(roster.next(for: 1) == .wait, "the other is blocked still: whatever comes next has somebody")
        #expect(roster.next(for: 0) == .end, "one is enough now")
        #expect(roster.workers == 1)
    }

    @Test func `a worker that could not be started is tried again`() {
        var roster = idle(1, most: 2)
        for job in ["blocked", "b"] { _ = roster.add(job) }
        _ = roster.next(for: 0)
        _ = roster.look()
        #expect(roster.look() == .grow)
        roster.couldNotGrow()
        #expect(roster.look() == .grow)
    }
}

extension Roster.Addition: Equatable where Worker: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.wake(let one), .wake(let other)): one == other
        case (.watch, .watch), (.none, .none): true
        default: false
        }
    }
}

extension Roster.Next: Equatable where Job: Equatable {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.job(let one), .job(let other)): one == other
        case (.wait, .wait), (.end, .end): true
        default: false
        }
    }
}
