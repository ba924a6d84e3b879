import Glibc

/// What the watching thread needs to know of a process. The descriptors are that thread's: it alone closes them.
struct WatchedProcess: Sendable {
    let main: MainProcess
    let tree: ProcessTree
    let output: CInt
    let error: CInt
    /// Whether `output` is a terminal's.
    let hasTerminal: Bool
    /// -1: none.
    let notices: CInt
    let notifyPath: String?
    let spool: SpoolSpecification?
    /// What the spool held before.
    let counts: OutputCounts
    let outputGrace: Duration
    /// When it started, on the clocks that were given to ``Processes``.
    let startedAt: Int64
    let started: Duration
    /// A ``UnitManager`` has started it: that one says how it ends, and nobody here can wait for it.
    var isForeign = false
}

/// The rules of ``ProcessTable``, without its lock.
struct ProcessTableState {
    typealias EndWaiter = CheckedContinuation<ProcessEnd?, Never>
    typealias OutputWaiter = CheckedContinuation<OutputCounts?, Never>
    typealias NoticeWaiter = CheckedContinuation<NotifyState?, Never>
    typealias Listener = AsyncStream<ChildRecord>.Continuation

    struct Child {
        var record: ChildRecord
        let watched: WatchedProcess
        /// What signals and kills are for.
        var main: MainProcess
        var tree: ProcessTree
        var isReaped = false
        var isAbandoned = false
        /// Its terminal is there to be written to.
        var hasTerminal = false
        var endWaiters: [UInt64: EndWaiter] = [:]
        var outputWaiters: [UInt64: (position: SpoolPosition, waiter: OutputWaiter)] = [:]
        var noticeWaiters: [UInt64: (version: UInt64, waiter: NoticeWaiter)] = [:]
    }

    struct Finished {
        let record: ChildRecord
        let listeners: [Listener]
        let outputWaiters: [OutputWaiter]
        let noticeWaiters: [NoticeWaiter]
        let endWaiters: [EndWaiter]
    }

    /// For the watching thread.
    struct Orders {
        var isStopping = false
        /// Processes whose start failed after all.
        var abandoned: [UInt64] = []
        /// Processes of others that are over, with how they ended if that is known.
        var foreignEnds: [(id: UInt64, end: UnitState.End?)] = []
        /// Processes whose passed descriptors are closed.
        var closed: [UInt64] = []
    }

    /// Who has to hear that nothing more will be heard.
    struct Closed {
        /// The pids of processes whose end was not heard of.
        let unheard: [pid_t]
        let listeners: [Listener]
        let outputWaiters: [OutputWaiter]
        let noticeWaiters: [NoticeWaiter]
        let endWaiters: [EndWaiter]
    }

    var children: [UInt64: Child] = [:]
    var ids: [ProcessKey: UInt64] = [:]
    var listeners: [UInt64: Listener] = [:]
    private var starting: Set<ProcessKey> = []
    private var lastID: UInt64 = 0
    var orders = Orders()

    mutating func makeID() -> UInt64 {
        lastID += 1
        return lastID
    }

    func child(_ key: ProcessKey) -> Child? {
        ids[key].flatMap { children[$0] }
    }

    mutating func reserve(_ key: ProcessKey) -> Bool {
        ids[key] == nil && starting.insert(key).inserted
    }

    mutating func release(_ key: ProcessKey) {
        starting.remove(key)
    }

    mutating func insert(_ record: ChildRecord, _ watched: WatchedProcess) -> UInt64 {
        let id = makeID()
        starting.remove(record.key)
        ids[record.key] = id
        children[id] = Child(record: record, watched: watched, main: watched.main, tree: watched.tree)
        children[id]?.hasTerminal = watched.hasTerminal
        return id
    }

    var records: [ChildRecord] {
        children.values.filter { !$0.isAbandoned }.map(\.record)
    }

    mutating func abandon(_ id: UInt64) {
        guard let key = children[id]?.record.key else { return }
        children[id]?.isAbandoned = true
        ids[key] = nil
        orders.abandoned.append(id)
    }

    mutating func takeOrders() -> Orders {
        defer { orders = Orders(isStopping: orders.isStopping) }
        return orders
    }

    /// Answers what was forgotten; `nil`: the process is not known, or not over.
    mutating func forget(_ key: ProcessKey) -> ChildRecord? {
        guard let id = ids[key], let record = children[id]?.record, record.end != nil else { return nil }
        children[id] = nil
        ids[key] = nil
        return record
    }

    mutating func publish(_ id: UInt64, _ counts: OutputCounts) -> [OutputWaiter] {
        guard children[id] != nil else { return [] }
        children[id]?.record.output = counts
        guard let waiters = children[id]?.outputWaiters, !waiters.isEmpty else { return [] }
        let satisfied = waiters.filter { counts.isComplete || counts.position > $0.value.position }
        for waiter in satisfied.keys { children[id]?.outputWaiters[waiter] = nil }
        return satisfied.values.map(\.waiter)
    }

    mutating func succeed(
        _ id: UInt64,
        _ main: MainProcess,
        _ tree: ProcessTree,
        _ notices: NotifyState
    ) -> [NoticeWaiter] {
        children[id]?.main = main
        // The one before may have been about to be waited for.
        children[id]?.isReaped = false
        children[id]?.tree = tree
        children[id]?.record.pid = main.pid
        children[id]?.record.startTicks = main.startTicks
        return publish(id, notices)
    }

    mutating func publish(_ id: UInt64, _ notices: NotifyState) -> [NoticeWaiter] {
        guard children[id] != nil else { return [] }
        children[id]?.record.notices = notices
        guard let waiters = children[id]?.noticeWaiters, !waiters.isEmpty else { return [] }
        let satisfied = waiters.filter { notices.version > $0.value.version }
        for waiter in satisfied.keys { children[id]?.noticeWaiters[waiter] = nil }
        return satisfied.values.map(\.waiter)
    }

    mutating func finish(_ id: UInt64, _ end: ProcessEnd, _ counts: OutputCounts) -> Finished? {
        guard var child = children[id], child.record.end == nil else { return nil }
        if child.isAbandoned {
            children[id] = nil
            return nil
        }
        child.record.output = counts
        child.record.state = .ended(end)
        let finished = Finished(
            record: child.record,
            listeners: Array(listeners.values),
            outputWaiters: child.outputWaiters.values.map(\.waiter),
            noticeWaiters: child.noticeWaiters.values.map(\.waiter),
            endWaiters: Array(child.endWaiters.values)
        )
        child.outputWaiters = [:]
        child.noticeWaiters = [:]
        child.endWaiters = [:]
        children[id] = child
        return finished
    }

    /// Also answers what the listener would have heard had it been there before.
    mutating func listen(_ listener: Listener) -> (id: UInt64, ended: [ChildRecord]) {
        let id = makeID()
        listeners[id] = listener
        return (id, records.filter { $0.end != nil })
    }

    mutating func takeEndWaiter(_ waiter: UInt64, _ key: ProcessKey) -> EndWaiter? {
        ids[key].flatMap { children[$0]?.endWaiters.removeValue(forKey: waiter) }
    }

    mutating func takeOutputWaiter(_ waiter: UInt64, _ key: ProcessKey) -> OutputWaiter? {
        ids[key].flatMap { children[$0]?.outputWaiters.removeValue(forKey: waiter)?.waiter }
    }

    mutating func takeNoticeWaiter(_ waiter: UInt64, _ key: ProcessKey) -> NoticeWaiter? {
        ids[key].flatMap { children[$0]?.noticeWaiters.removeValue(forKey: waiter)?.waiter }
    }

    mutating func close() -> Closed {
        defer {
            listeners = [:]
            for id in children.keys {
                children[id]?.endWaiters = [:]
                children[id]?.outputWaiters = [:]
                children[id]?.noticeWaiters = [:]
            }
        }
        return Closed(
            unheard: children.values.filter { $0.record.end == nil && !$0.isReaped && !$0.watched.isForeign }.map(
                \.main.pid
            ),
            listeners: Array(listeners.values),
            outputWaiters: children.values.flatMap { $0.outputWaiters.values.map(\.waiter) },
            noticeWaiters: children.values.flatMap { $0.noticeWaiters.values.map(\.waiter) },
            endWaiters: children.values.flatMap { $0.endWaiters.values }
        )
    }
}
