import NIOConcurrencyHelpers

/// Looks at all processes of the host for many at once: with a thousand of them one look costs tens of milliseconds, and
/// when a thousand services stop together, each wants some.
final class ProcessScans: Sendable {
    private enum Turn {
        case seen(ProcessSnapshot)
        /// Look, and let these others see it too.
        case look([CheckedContinuation<Turn, Never>])
    }

    private struct State {
        var isLooking = false
        /// They came too late for the look that is going on: it may have passed what they have to see.
        var waiting: [CheckedContinuation<Turn, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// All processes, none of them looked at before this was called.
    func snapshot() async -> ProcessSnapshot {
        let turn = await withCheckedContinuation { continuation in
            let isFirst = state.withLockedValue { state in
                defer { state.isLooking = true }
                if state.isLooking { state.waiting.append(continuation) }
                return !state.isLooking
            }
            if isFirst { continuation.resume(returning: .look([])) }
        }
        switch turn {
        case .seen(let snapshot): return snapshot
        case .look(let others): return look(with: others)
        }
    }

    private func look(with others: [CheckedContinuation<Turn, Never>]) -> ProcessSnapshot {
        let snapshot = ProcessSnapshot()
        let waiting = state.withLockedValue { state in
            defer { state.waiting = [] }
            state.isLooking = !state.waiting.isEmpty
            return state.waiting
        }
        waiting.first?.resume(returning: .look(Array(waiting.dropFirst())))
        for other in others { other.resume(returning: .seen(snapshot)) }
        return snapshot
    }
}
