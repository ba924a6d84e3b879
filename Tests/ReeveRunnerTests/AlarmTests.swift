import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveRunner

@Suite(.timeLimit(.minutes(5)))
struct AlarmTests {
    /// Gives the alarm's rings as a stream, while it runs.
    private func withAlarm(
        _ body: (Alarm, ManualWallClock, AsyncStream<Timestamp>) async throws -> Void
    ) async throws {
        let (alarm, clock) = (Alarm(), ManualWallClock())
        let (rings, sender) = AsyncStream.makeStream(of: Timestamp.self)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                do {
                    try await alarm.run(on: clock) { sender.yield(clock.now) }
                } catch is CancellationError {}
            }
            try await body(alarm, clock, rings)
            group.cancelAll()
        }
    }

    @Test func `it rings at the earliest of its times, whichever was set first, and only then`() async throws {
        try await withAlarm { alarm, clock, rings in
            let start = clock.now
            for seconds in [20, 10, 30] as [Int64] { alarm.set(to: start + .seconds(seconds)) }
            // The earlier time takes effect by ending the wait for the later one.
            await clock.waiter(until: start + .seconds(10))
            clock.advance(by: .seconds(10))
            #expect(await rings.first { _ in true } == start + .seconds(10))
            // The others are forgotten: they are for who is rung to set again.
            #expect(clock.nextDeadline == nil)
            alarm.set(to: start + .seconds(20))
            await clock.waiters()
            clock.advance(by: .seconds(10))
            #expect(await rings.first { _ in true } == start + .seconds(20))
        }
    }

    @Test func `it rings when the clock is set, for its time may have come`() async throws {
        try await withAlarm { alarm, clock, rings in
            alarm.set(to: clock.now + .days(1))
            await clock.waiters()
            let later = clock.now + .days(2)
            clock.set(to: later)
            #expect(await rings.first { _ in true } == later)
        }
    }
}
