/// Those who wait for the engine's loop, or for manifolds to be started or stopped.
struct EngineWaiters {
    enum Condition {
        case started(Set<String>)
        case stopped(Set<String>)
        /// The loop has come round.
        case answered
    }

    typealias Continuation = CheckedContinuation<Void, any Error>

    private var waiters: [Int: (condition: Condition, continuation: Continuation)] = [:]
    private var lastID = 0

    mutating func makeID() -> Int {
        lastID += 1
        return lastID
    }

    mutating func insert(_ id: Int, _ condition: Condition, _ continuation: Continuation) {
        waiters[id] = (condition, continuation)
    }

    mutating func remove(_ id: Int) -> Continuation? {
        waiters.removeValue(forKey: id)?.continuation
    }

    /// Those whose condition holds.
    mutating func take(_ machine: EngineMachine) -> [Continuation] {
        guard !waiters.isEmpty else { return [] }
        let satisfied = waiters.filter { machine.satisfies($0.value.condition) }
        for id in satisfied.keys { waiters[id] = nil }
        return satisfied.values.map(\.continuation)
    }

    mutating func takeAll() -> [Continuation] {
        defer { waiters = [:] }
        return waiters.values.map(\.continuation)
    }
}

extension EngineMachine {
    func satisfies(_ condition: EngineWaiters.Condition) -> Bool {
        switch condition {
        case .started(let names): areStarted(names)
        case .stopped(let names): areStopped(names)
        case .answered: true
        }
    }
}
