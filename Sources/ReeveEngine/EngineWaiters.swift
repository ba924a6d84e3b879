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

    /// Those whose condition holds, or cannot hold any more, with the answer.
    mutating func take(_ machine: EngineMachine) -> [(Continuation, Result<Void, any Error>)] {
        guard !waiters.isEmpty else { return [] }
        let answered = waiters.compactMapValues { waiter in
            machine.answer(waiter.condition).map { (waiter.continuation, $0) }
        }
        for id in answered.keys { waiters[id] = nil }
        return Array(answered.values)
    }

    mutating func takeAll() -> [Continuation] {
        defer { waiters = [:] }
        return waiters.values.map(\.continuation)
    }
}

extension EngineMachine {
    /// `nil`: not yet.
    func answer(_ condition: EngineWaiters.Condition) -> Result<Void, any Error>? {
        switch condition {
        case .started(let names):
            return areStarted(names) ? .success(()) : nil
        case .stopped(let names):
            let rest = names.filter { !areStopped([$0]) }
            if rest.isEmpty { return .success(()) }
            return rest.allSatisfy(isOverdue) ? .failure(EngineError.notStopped(rest.sorted())) : nil
        case .answered:
            return .success(())
        }
    }
}
