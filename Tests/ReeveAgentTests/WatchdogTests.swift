import Dispatch
import JSON
import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveStore
import TestSupport
import Testing

@testable import ReeveAgent

/// The watchdog is fed while the agent lives: a slow disk degrades it, and does not end it.
struct WatchdogTests {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `it is fed twice in its interval while the agent lives, not while a part is stuck, and again after`()
        async throws
    {
        let clock = ManualClock()
        let sign = NIOLockedValueBox(Watchdog.Sign.alive)
        let (pats, sender) = AsyncStream.makeStream(of: Duration.self)
        let watchdog = Watchdog(
            interval: .seconds(30),
            clock: clock,
            logger: Self.silent,
            look: { sign.withLockedValue { $0 } },
            pat: { sender.yield(clock.now.offset) }
        )
        let task = Task { try await watchdog.run() }
        await clock.sleepers()
        sign.withLockedValue { $0 = .stuck("the writer is stuck") }
        #expect(clock.advanceToNext() == .seconds(15))
        await clock.sleepers()
        sign.withLockedValue { $0 = .alive }
        clock.advanceToNext()
        await clock.sleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        sender.finish()
        var times: [Duration] = []
        for await time in pats { times.append(time) }
        #expect(times == [.zero, .seconds(30)])
    }

    @Test func `an agent that does not answer is not said to live`() async throws {
        let (asked, sender) = AsyncStream.makeStream(of: Void.self)
        let watchdog = Watchdog(
            interval: .seconds(30),
            clock: ManualClock(),
            logger: Self.silent,
            look: {
                sender.yield()
                await StopSignal().requested()
                throw CancellationError()
            },
            pat: { Issue.record("it was fed") }
        )
        let task = Task { try await watchdog.run() }
        for await _ in asked { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `while a write takes long the agent is alive, and says what is slow`() async throws {
        let clock = ManualClock()
        try await RunningAgent.with(clock: clock) { agent in
            let release = DispatchSemaphore(value: 0)
            let (reached, sender) = AsyncStream.makeStream(of: Void.self)
            let store = try #require(agent.store)
            let held = Task {
                try await store.write { _ in
                    sender.finish()
                    release.wait()
                }
            }
            for await _ in reached {}
            #expect(try await agent.call("agent.status")["degraded"] == [])
            clock.advance(by: .milliseconds(1500))
            let status = try await agent.call("agent.status")
            let entry: JSON = [
                "part": "store", "state": "started",
                "reason": "the disk is slow: a write has taken 1 s and is not done",
            ]
            #expect(status["degraded"] == [entry])
            #expect(status["ready"] == true)
            clock.advance(by: .seconds(1))
            #expect(try await agent.agent.signOfLife() == .alive)
            release.signal()
            try await held.value
            #expect(try await agent.call("agent.status")["degraded"] == [])
        }
    }
}
