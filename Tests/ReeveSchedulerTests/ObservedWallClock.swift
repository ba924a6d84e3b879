import ReeveProtocol
import TestSupport

/// A clock that a test moves, and that tells what the code under test waits for.
actor ObservedWallClock: WallClock {
    nonisolated let manual = ManualWallClock()
    private var deadlines: [Timestamp?] = []
    private var observers: [(after: Int, deadline: Timestamp?, continuation: CheckedContinuation<Void, Never>)] = []

    nonisolated var now: Timestamp { manual.now }

    nonisolated func wait(until deadline: Timestamp?) async throws {
        await noted(deadline)
        try await manual.wait(until: deadline)
    }

    /// How many waits have begun.
    var count: Int { deadlines.count }

    /// Returns when somebody has begun to wait for that time, other than by the first `count` waits.
    func waited(until deadline: Timestamp?, after count: Int) async {
        guard !deadlines.dropFirst(count).contains(deadline) else { return }
        await withCheckedContinuation { observers.append((count, deadline, $0)) }
    }

    private func noted(_ deadline: Timestamp?) {
        deadlines.append(deadline)
        let satisfied = observers.filter { $0.after < deadlines.count && $0.deadline == deadline }
        observers.removeAll { $0.after < deadlines.count && $0.deadline == deadline }
        for observer in satisfied { observer.continuation.resume() }
    }
}
