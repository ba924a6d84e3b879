import Dispatch
import Glibc
import Testing

@testable import ReeveWorkers

/// Pools of a test's own, whose threads stay until the process ends.
@Suite(.timeLimit(.minutes(1)))
struct WorkerPoolTests {
    private actor Counter {
        var value = 0

        func count() { value += 1 }
    }

    @Test func `tasks, their children and actors run on its threads`() async throws {
        let pool = try #require(WorkerPool(threads: 2))
        let counter = Counter()
        let names = await withTaskExecutorPreference(pool) {
            await withTaskGroup(of: String.self) { group in
                for _ in 0..<1000 {
                    group.addTask {
                        await counter.count()
                        return threadName()
                    }
                }
                return await group.reduce(into: Set([threadName()])) { $0.insert($1) }
            }
        }
        #expect(names == ["worker"])
        #expect(await counter.value == 1000)
    }

    @Test func `a job that blocks holds up no others`() async throws {
        let pool = try #require(WorkerPool(threads: 1))
        let blocked = DispatchSemaphore(value: 0)
        await withTaskGroup(of: Void.self) { group in
            // More than there are threads, each waiting for one that comes after all of them.
            for _ in 0..<4 { group.addTask(executorPreference: pool) { block(blocked) } }
            group.addTask(executorPreference: pool) { for _ in 0..<4 { blocked.signal() } }
        }
    }

    @Test func `who sleeps is never woken early`() async throws {
        let pool = try #require(WorkerPool(threads: 1))
        let begin = pool.clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in [3, 1, 2] {
                group.addTask(executorPreference: pool) {
                    let end = begin + .milliseconds(20 * number)
                    try await pool.clock.sleep(until: end)
                    #expect(pool.clock.now >= end)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a sleep that is over when it begins does not wait`() async throws {
        let pool = try #require(WorkerPool(threads: 1))
        try await pool.clock.sleep(until: pool.clock.now - .seconds(3600))
        try await pool.clock.sleep(until: pool.clock.now)
    }

    @Test func `nothing is left of a sleep that is canceled, before it begins or after`() async throws {
        let timers = try #require(Timers())
        let tasks = (0..<100).map { _ in Task { try await SteadyClock(timers: timers).sleep(for: .seconds(3600)) } }
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
        #expect(timers.count == 0)
    }

    @Test(arguments: [true, false])
    func `the standard library's clocks sleep by it, and are never early`(suspends: Bool) async throws {
        let pool = try #require(WorkerPool(threads: 1))
        func check(_ clock: some Clock<Duration>) async throws {
            try await Task(executorPreference: pool) {
                let begin = clock.now
                try await clock.sleep(for: .milliseconds(5), tolerance: nil)
                #expect(begin.duration(to: clock.now) >= .milliseconds(5))
            }.value
            let sleepers = (0..<10).map { _ in
                Task(executorPreference: pool) { try await clock.sleep(for: .seconds(3600), tolerance: nil) }
            }
            // On the same thread, once they sleep; one more may be the pool's own look at its jobs.
            await Task(executorPreference: pool) { #expect((10...11).contains(pool.timers.count)) }.value
            for sleeper in sleepers { sleeper.cancel() }
        }
        if suspends { try await check(SuspendingClock()) } else { try await check(ContinuousClock()) }
    }
}

/// In a function of its own, for tasks are not to block.
private func block(_ semaphore: DispatchSemaphore) {
    semaphore.wait()
}

private func threadName() -> String {
    let file = open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = max(0, read(file, &bytes, bytes.count))
    return String(decoding: bytes.prefix(count).filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}
