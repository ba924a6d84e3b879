import ReeveProtocol
import TestSupport
import Testing

/// The clocks that all other tests trust.
@Suite struct ClockTests {
    @Test func `sleepers wake in the order of their times`() async throws {
        let clock = ManualClock()
        let woken = Events<Int>()
        try await withThrowingTaskGroup { group in
            for seconds in [3, 1, 2] {
                group.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    woken.add(seconds)
                }
            }
            await clock.sleepers(3)
            #expect(clock.untilNext == .seconds(1))
            for seconds in 1...3 {
                #expect(clock.advanceToNext() == .seconds(1))
                #expect(await woken.next() == seconds)
            }
            try await group.waitForAll()
        }
        #expect(clock.sleeping == 0)
    }

    @Test func `a cancelled sleeper throws and is forgotten`() async throws {
        let clock = ManualClock()
        let task = Task { try await clock.sleep(for: .seconds(1)) }
        await clock.sleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeping == 0)
    }

    @Test func `setting the wall clock wakes everybody, passing time only who is due`() async throws {
        let clock = ManualWallClock()
        let woken = Events<String>()
        try await withThrowingTaskGroup { group in
            let due = clock.now + .seconds(10)
            group.addTask {
                try await clock.wait(until: due)
                woken.add("due")
            }
            group.addTask {
                try await clock.wait(until: nil)
                woken.add("jump")
            }
            await clock.waiters(2)
            clock.advance(by: .seconds(10))
            #expect(await woken.next() == "due")
            #expect(clock.waiting == 1)
            clock.set(to: due - .days(1))
            #expect(await woken.next() == "jump")
            try await group.waitForAll()
        }
    }
}
