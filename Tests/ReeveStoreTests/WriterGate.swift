import Dispatch
import ReeveStore

/// Holds the store's writer, so that a test can put several writes into its queue before the next transaction.
struct WriterGate {
    private let held: Task<Void, any Error>
    private let release = DispatchSemaphore(value: 0)

    /// Returns when the writer stands still, with nothing in its queue.
    init(_ store: Store) async {
        let release = release
        let (reached, continuation) = AsyncStream<Void>.makeStream()
        held = Task.immediate {
            try await store.write { _ in
                continuation.finish()
                release.wait()
            }
        }
        for await _ in reached {}
    }

    func open() async throws {
        release.signal()
        try await held.value
    }
}
