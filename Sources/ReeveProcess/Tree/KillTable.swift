import NIOConcurrencyHelpers

/// The kills that are going on, and what each waits for.
final class KillTable: Sendable {
    private struct Kill {
        var living = 0
        var isOver = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private struct State {
        var kills: [UInt64: Kill] = [:]
        var lastID: UInt64 = 0
        var isClosed = false
    }

    private let state = NIOLockedValueBox(State())

    func begin() -> UInt64 {
        state.withLockedValue { state in
            state.lastID += 1
            state.kills[state.lastID] = Kill(isOver: state.isClosed)
            return state.lastID
        }
    }

    func end(_ id: UInt64) {
        state.withLockedValue { $0.kills[id] = nil }
    }

    /// How many deaths the next wait is for; before any of them can be heard of.
    func expect(_ id: UInt64, _ count: Int) {
        state.withLockedValue { $0.kills[id]?.living = count }
    }

    func someoneDied(_ id: UInt64) {
        change(id) { $0.living -= 1 }
    }

    func timeIsOver(_ id: UInt64) {
        change(id) { $0.isOver = true }
    }

    func isOver(_ id: UInt64) -> Bool {
        state.withLockedValue { $0.kills[id]?.isOver ?? true }
    }

    /// Waits until all that were expected have died, or the time is over.
    func deaths(_ id: UInt64) async {
        await withCheckedContinuation { continuation in
            let isDue = state.withLockedValue { state in
                guard let kill = state.kills[id], !kill.isOver, kill.living > 0 else { return true }
                state.kills[id]?.waiter = continuation
                return false
            }
            if isDue { continuation.resume() }
        }
    }

    func close() {
        let ids = state.withLockedValue { state in
            state.isClosed = true
            return Array(state.kills.keys)
        }
        for id in ids { timeIsOver(id) }
    }

    private func change(_ id: UInt64, _ body: (inout Kill) -> Void) {
        let waiter = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
            guard var kill = state.kills[id] else { return nil }
            body(&kill)
            let isDue = kill.isOver || kill.living <= 0
            let waiter = isDue ? kill.waiter : nil
            if isDue { kill.waiter = nil }
            state.kills[id] = kill
            return waiter
        }
        waiter?.resume()
    }
}
