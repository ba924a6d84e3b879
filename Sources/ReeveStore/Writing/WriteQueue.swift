/// The writes that wait, and whether somebody is at them: the rules of group commit, without the doing.
///
/// Whoever enqueues the first write starts the drain; the drain takes groups until none is left. So writes that come
/// while one group is being synced share the next.
struct WriteQueue<Member: Sendable>: Sendable {
    private enum Phase {
        case idle
        /// A drain was asked for then, and has not begun.
        case asked(since: Duration)
        /// The drain took its present group then.
        case draining(since: Duration)
    }

    enum EnqueueAction {
        case startDraining
        case none
        case refuse(Member, StoreError)
    }

    /// How many writes share a transaction at most: it bounds how long the first of them waits.
    static var largestGroup: Int { 1024 }

    private var phase = Phase.idle
    private var waiting: [Member] = []
    private var refusal: StoreError?
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []

    /// - Parameter now: As in all that follows, the time since any fixed moment.
    mutating func enqueue(_ member: Member, at now: Duration) -> EnqueueAction {
        if let refusal { return .refuse(member, refusal) }
        waiting.append(member)
        guard case .idle = phase else { return .none }
        phase = .asked(since: now)
        return .startDraining
    }

    /// The next group, in order; empty when the drain is over, and then those who waited for that are to be resumed.
    mutating func nextGroup(at now: Duration) -> (group: [Member], idle: [CheckedContinuation<Void, Never>]) {
        phase = .draining(since: now)
        guard waiting.isEmpty else {
            guard waiting.count > Self.largestGroup else {
                defer { waiting = [] }
                return (waiting, [])
            }
            let group = Array(waiting.prefix(Self.largestGroup))
            waiting.removeFirst(Self.largestGroup)
            return (group, [])
        }
        phase = .idle
        defer { idleWaiters = [] }
        return ([], idleWaiters)
    }

    func activity(at now: Duration) -> WriterActivity {
        switch phase {
        case .idle: .idle
        case .asked(let since): .waiting(for: now - since)
        case .draining(let since): .committing(for: now - since)
        }
    }

    /// From now on every write is refused with `error`; those that wait are still taken. The first reason stays.
    mutating func refuse(with error: StoreError) {
        refusal = refusal ?? error
    }

    /// From now on every write is refused, and those that wait are handed back to be told so too.
    mutating func fail(with error: StoreError) -> [Member] {
        refuse(with: error)
        defer { waiting = [] }
        return waiting
    }

    /// Answers whether there is a drain to wait for; if not, the continuation is not kept.
    mutating func waitUntilIdle(_ continuation: CheckedContinuation<Void, Never>) -> Bool {
        if case .idle = phase { return false }
        idleWaiters.append(continuation)
        return true
    }
}
