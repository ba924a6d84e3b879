/// Those who wait for the engine's loop, or for manifolds to be started or stopped.
///
/// Each manifold's changes are looked at once, by those who wait for it: a turn of the loop costs nothing for the others.
struct EngineWaiters {
    enum Condition {
        case started(Set<String>)
        case stopped(Set<String>)
        /// The loop has come round.
        case answered
    }

    typealias Continuation = CheckedContinuation<Void, any Error>
    typealias Answer = Result<Void, any Error>

    private var waiters: [Int: (wait: Wait, continuation: Continuation)] = [:]
    private var interested: [String: Set<Int>] = [:]
    /// Whose condition holds, or cannot hold any more, as things are.
    private var ready: Set<Int> = []
    private var lastID = 0

    mutating func makeID() -> Int {
        lastID += 1
        return lastID
    }

    mutating func insert(_ id: Int, _ condition: Condition, _ continuation: Continuation, _ machine: EngineMachine) {
        let wait = Wait(for: condition, machine)
        for name in condition.names { interested[name, default: []].insert(id) }
        waiters[id] = (wait, continuation)
        if wait.answer != nil { ready.insert(id) }
    }

    mutating func remove(_ id: Int) -> Continuation? {
        guard let waiter = waiters.removeValue(forKey: id) else { return nil }
        ready.remove(id)
        for name in waiter.wait.condition.names {
            interested[name]?.remove(id)
            if interested[name]?.isEmpty ?? false { interested[name] = nil }
        }
        return waiter.continuation
    }

    /// To be told of each manifold that changed its state, or that is gone.
    mutating func changed(_ name: String, _ machine: EngineMachine) {
        for id in interested[name] ?? [] {
            waiters[id]?.wait.look(at: name, machine)
            if waiters[id]?.wait.answer != nil { ready.insert(id) } else { ready.remove(id) }
        }
    }

    /// Those who can be answered, with the answer.
    mutating func take() -> [(Continuation, Answer)] {
        ready.compactMap { id in
            guard let answer = waiters[id]?.wait.answer, let continuation = remove(id) else { return nil }
            return (continuation, answer)
        }
    }

    mutating func takeAll() -> [Continuation] {
        let all = waiters.values.map(\.continuation)
        (waiters, interested, ready) = ([:], [:], [])
        return all
    }
}

extension EngineWaiters {
    /// A condition, and what is still missing for it.
    struct Wait {
        let condition: Condition
        /// Of its names, those that are not yet as wanted; and of these, those that are over their time.
        private var missing: Set<String> = []
        private var overdue: Set<String> = []

        init(for condition: Condition, _ machine: EngineMachine) {
            self.condition = condition
            for name in condition.names { look(at: name, machine) }
        }

        /// `nil`: not yet.
        var answer: Answer? {
            if missing.isEmpty { return .success(()) }
            return missing.count == overdue.count ? .failure(EngineError.notStopped(missing.sorted())) : nil
        }

        mutating func look(at name: String, _ machine: EngineMachine) {
            switch condition {
            case .started: set(name, isMissing: !machine.isStarted(name), isOverdue: false)
            case .stopped: set(name, isMissing: !machine.isStopped(name), isOverdue: machine.isOverdue(name))
            case .answered: break
            }
        }

        private mutating func set(_ name: String, isMissing: Bool, isOverdue: Bool) {
            if isMissing { missing.insert(name) } else { missing.remove(name) }
            if isMissing, isOverdue { overdue.insert(name) } else { overdue.remove(name) }
        }
    }
}

extension EngineWaiters.Condition {
    fileprivate var names: Set<String> {
        switch self {
        case .started(let names), .stopped(let names): names
        case .answered: []
        }
    }
}
