import Logging
import ReeveEngine
import ReeveStore

/// Writes what custody has to record, one batch after another: a state is never overwritten by one from before it.
actor ServiceRecorder {
    private let custody: ServiceCustody
    private let store: Live<Store>
    private let clock: any Clock<Duration>
    private let logger: Logger
    private var isWriting = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(custody: ServiceCustody, store: Live<Store>, clock: any Clock<Duration>, logger: Logger) {
        self.custody = custody
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    /// Records until its task is cancelled.
    func run() async {
        for await _ in custody.wakeups() {
            guard !Task.isCancelled else { return }
            while await !flush() {
                // It says when it is there again. That a disk is not full any more nobody says.
                guard store.value == nil else {
                    guard (try? await clock.sleep(for: .milliseconds(500))) != nil else { return }
                    continue
                }
                guard (try? await store.present()) != nil else { return }
            }
        }
    }

    /// Whether everything that there was is recorded.
    @discardableResult
    func flush() async -> Bool {
        while isWriting { await withCheckedContinuation { waiters.append($0) } }
        isWriting = true
        defer {
            isWriting = false
            let waiting = waiters
            waiters = []
            for waiter in waiting { waiter.resume() }
        }
        return await write()
    }

    private func write() async -> Bool {
        let entries = custody.takeEntries()
        guard !entries.isEmpty else { return true }
        do {
            guard let store = store.value else { throw StoreError(.closed, "the store is away") }
            let forgotten = try await store.write { transaction in
                var forgotten: Set<String> = []
                for entry in entries {
                    try transaction.recordService(entry.name, row: entry.row, entry.state, entry.changes)
                    if entry.isGone, try transaction.forgetService(row: entry.row) { forgotten.insert(entry.name) }
                }
                return forgotten
            }
            if custody.recorded(entries, forgotten: forgotten) {
                logger.notice("what became of services is recorded again")
            }
            return true
        } catch {
            // A store that is being opened anew is told elsewhere.
            let isAway = (error as? StoreError)?.code == .closed
            if custody.failedToRecord(entries, isAway ? nil : "\(error)") {
                logger.error("what becomes of services is not recorded", metadata: ["reason": "\(error)"])
            }
            return false
        }
    }
}
