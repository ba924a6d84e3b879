/// Tasks that wait for a time, and tests that wait until so many of them do.
///
/// It resumes nobody: each event hands back the continuations to be resumed once the lock around it is released.
struct WaitList<Time: Comparable & Sendable>: Sendable {
    private struct Wait {
        /// `nil` waits for no particular time.
        var deadline: Time?
        var order: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Observer {
        var isMet: @Sendable (WaitList) -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private var waits: [Int: Wait] = [:]
    private var observers: [Int: Observer] = [:]
    private var lastID = 0

    /// How many tasks wait now.
    var count: Int { waits.count }

    /// The earliest time that anybody waits for.
    var earliest: Time? { waits.values.compactMap(\.deadline).min() }

    /// Whether anybody waits for that very time.
    func contains(_ time: Time) -> Bool { waits.values.contains { $0.deadline == time } }

    mutating func makeID() -> Int {
        lastID += 1
        return lastID
    }

    /// A task begins to wait; the observers that wanted to see that are handed back.
    mutating func began(
        _ id: Int,
        until deadline: Time?,
        _ continuation: CheckedContinuation<Void, any Error>
    ) -> [CheckedContinuation<Void, Never>] {
        waits[id] = Wait(deadline: deadline, order: id, continuation: continuation)
        let satisfied = observers.filter { $0.value.isMet(self) }
        for id in satisfied.keys { observers[id] = nil }
        return satisfied.values.map(\.continuation)
    }

    /// The wait or observation was cancelled, or is over already: then there is nothing to resume.
    mutating func canceled(_ id: Int) -> CheckedContinuation<Void, any Error>? {
        waits.removeValue(forKey: id)?.continuation
    }

    mutating func canceledObserver(_ id: Int) -> CheckedContinuation<Void, Never>? {
        observers.removeValue(forKey: id)?.continuation
    }

    /// Whose time has come, earliest first.
    mutating func reached(_ now: Time) -> [CheckedContinuation<Void, any Error>] {
        take { $0.deadline.map { $0 <= now } ?? false }
    }

    /// Everybody, earliest first.
    mutating func all() -> [CheckedContinuation<Void, any Error>] {
        take { _ in true }
    }

    /// Answers whether the observer has to wait.
    /// - Parameter isMet: Asked again each time a task begins to wait; only that may make it true.
    mutating func observed(
        _ id: Int,
        _ continuation: CheckedContinuation<Void, Never>,
        isMet: @escaping @Sendable (WaitList) -> Bool
    ) -> Bool {
        guard !isMet(self) else { return false }
        observers[id] = Observer(isMet: isMet, continuation: continuation)
        return true
    }

    private mutating func take(_ isDue: (Wait) -> Bool) -> [CheckedContinuation<Void, any Error>] {
        let due = waits.filter { isDue($0.value) }
        for id in due.keys { waits[id] = nil }
        return due.values.sorted(by: Self.isBefore).map(\.continuation)
    }

    private static func isBefore(_ left: Wait, _ right: Wait) -> Bool {
        guard let first = left.deadline, let second = right.deadline, first != second else {
            return left.order < right.order
        }
        return first < second
    }
}
