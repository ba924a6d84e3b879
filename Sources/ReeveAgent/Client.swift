import NIOConcurrencyHelpers

/// One connection as the methods see it: who it is, and which of its requests are still changing something.
///
/// Requests of a connection take effect in the order in which they came. Those that change something are in the store's
/// queue in that order anyway; those that read wait here until the changes before them are done.
final class Client: Sendable {
    private struct State {
        var lastNumber = 0
        /// The changes under way, by number.
        var changes: Set<Int> = []
        /// Reads, each with the number of the last change before it.
        var waiters: [(after: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    let caller: Caller
    private let state = NIOLockedValueBox(State())

    init(_ caller: Caller) {
        self.caller = caller
    }

    /// Does something that changes state. It is counted before this suspends for the first time.
    func change<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let number = state.withLockedValue { state in
            state.lastNumber += 1
            state.changes.insert(state.lastNumber)
            return state.lastNumber
        }
        defer { end(number) }
        return try await body()
    }

    /// Returns when the changes that were asked for before are done, however they went.
    func settled() async {
        let last = state.withLockedValue { $0.changes.isEmpty ? nil : $0.lastNumber }
        guard let last else { return }
        await withCheckedContinuation { continuation in
            let waits = state.withLockedValue { state in
                guard state.changes.contains(where: { $0 <= last }) else { return false }
                state.waiters.append((last, continuation))
                return true
            }
            if !waits { continuation.resume() }
        }
    }

    private func end(_ number: Int) {
        let ready = state.withLockedValue { state in
            state.changes.remove(number)
            let oldest = state.changes.min() ?? .max
            let ready = state.waiters.filter { $0.after < oldest }
            state.waiters.removeAll { $0.after < oldest }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }
}
