import NIOConcurrencyHelpers
import ReeveProcess
import ReeveProtocol
import ReeveStore

/// Tells at intervals of the runs that go on, where an endpoint asks for it: else it sleeps, as it does while none goes on.
final class ProgressTeller: Sendable {
    private let store: Store
    private let clock: any Clock<Duration>
    private let wakeup = Wakeup()
    /// The shortest that any endpoint asks for.
    private let interval = NIOLockedValueBox<Interval?>(nil)

    init(store: Store, clock: any Clock<Duration>) {
        self.store = store
        self.clock = clock
    }

    /// One of them goes on where none did.
    func runBegan() {
        if interval.withLockedValue({ $0 }) != nil { wakeup.set() }
    }

    /// Works until its task is cancelled, or the store fails.
    /// - Parameters:
    ///   - now: What the clock shows by which runs are timed.
    ///   - living: The runs that go on, by id.
    func run(
        now: @escaping @Sendable () -> Timestamp,
        living: @escaping @Sendable () -> [String]
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.watchEndpoints() }
            group.addTask { try await self.tell(now, living) }
            try await group.waitForAll()
        }
    }

    private func watchEndpoints() async throws {
        for await _ in store.signals.changes(.endpoints) {
            let shortest = try await store.read { try $0.endpoints().compactMap(\.definition.progress).min() }
            interval.withLockedValue { $0 = shortest }
            wakeup.set()
        }
    }

    private func tell(_ now: () -> Timestamp, _ living: @escaping @Sendable () -> [String]) async throws {
        let elapsed = clock.stopwatch()
        // When it was told last, by the clock of the runs and by one that is never set.
        var last = (told: now(), at: elapsed())
        while true {
            guard let interval = interval.withLockedValue({ $0 }), !living().isEmpty else {
                await wakeup.wait()
                try Task.checkCancellation()
                last = (now(), elapsed())
                continue
            }
            let left = last.at + interval.duration - elapsed()
            // What has changed is looked at; the time goes on.
            if left > .zero, try await wakeup.wait(atMost: left, on: clock) { continue }
            let at = elapsed()
            let told = try await store.write { [since = last.told] transaction in
                try transaction.tellProgress(of: living(), since: since, every: interval)
                return transaction.now
            }
            last = (told, at)
        }
    }
}
