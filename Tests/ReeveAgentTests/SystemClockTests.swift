import Glibc
import NIOConcurrencyHelpers
import ReeveProtocol
import Testing

@testable import ReeveAgent

/// The host's own clock. One after the other: when it is set, all who wait look again.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct SystemClockTests {
    /// Sets the host's clock to what it shows: the kernel tells who waits by it as of any other time. Whether that was
    /// allowed.
    @discardableResult
    private static func setClock() -> Bool {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return clock_settime(CLOCK_REALTIME, &time) == 0
    }

    @Test(.enabled(if: geteuid() == 0 && setClock(), "setting the clock needs CAP_SYS_TIME"))
    func `who waits for a far time looks again at once when the clock is set`() async throws {
        let clock = try #require(SystemClock())
        let hasWoken = NIOLockedValueBox(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await clock.wait(until: clock.now + .days(365))
                hasWoken.withLockedValue { $0 = true }
            }
            // Before it waits there is nobody to be told.
            while !hasWoken.withLockedValue({ $0 }) {
                Self.setClock()
                await Task.yield()
            }
            try await group.waitForAll()
        }
    }

    @Test func `nobody is woken before the time`() async throws {
        let clock = try #require(SystemClock())
        let deadline = clock.now + .milliseconds(20)
        try await clock.wait(until: deadline)
        #expect(clock.now >= deadline)
    }

    @Test func `who is cancelled waits no longer`() async throws {
        let clock = try #require(SystemClock())
        let waiting = Task { try await clock.wait(until: nil) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
