import CLinux
import Glibc
import NIOConcurrencyHelpers

/// What is known of every process, and who waits to hear of it. The one state that the callers and the watching thread
/// share; nobody is resumed while it is locked.
final class ProcessTable: Sendable {
    private let state = NIOLockedValueBox(ProcessTableState())

    /// Takes the key before the start, so that nobody else can.
    func reserve(_ key: ProcessKey) -> Bool {
        state.withLockedValue { $0.reserve(key) }
    }

    func release(_ key: ProcessKey) {
        state.withLockedValue { $0.release(key) }
    }

    /// Answers the number by which the watching thread knows the process.
    func insert(_ record: ChildRecord, _ watched: WatchedProcess) -> UInt64 {
        state.withLockedValue { $0.insert(record, watched) }
    }

    /// Hides a process whose start failed after all and that has been killed: the watching thread has to do the rest.
    func abandon(_ id: UInt64) {
        state.withLockedValue { $0.abandon(id) }
    }

    /// Asks the watching thread to end.
    func stop() {
        state.withLockedValue { $0.orders.isStopping = true }
    }

    /// A process of another's is over.
    func foreignEnded(_ id: UInt64, _ end: UnitState.End?) {
        state.withLockedValue { $0.orders.foreignEnds.append((id, end)) }
    }

    /// What a process has passed to us is closed: the watching thread hears it again.
    func passedAreClosed(_ id: UInt64) {
        state.withLockedValue { $0.orders.closed.append(id) }
    }

    /// What the watching thread has to do when it is woken.
    func takeOrders() -> ProcessTableState.Orders {
        state.withLockedValue { $0.takeOrders() }
    }

    /// `nil` if the process is over.
    func watched(_ id: UInt64) -> WatchedProcess? {
        state.withLockedValue { state in
            state.children[id].flatMap { $0.record.end == nil ? $0.watched : nil }
        }
    }

    func record(_ key: ProcessKey) -> ChildRecord? {
        state.withLockedValue { $0.child(key)?.record }
    }

    var records: [ChildRecord] {
        state.withLockedValue { $0.records }
    }

    func tree(_ key: ProcessKey) -> ProcessTree? {
        state.withLockedValue { $0.child(key)?.tree }
    }

    func forget(_ key: ProcessKey) -> ChildRecord? {
        state.withLockedValue { $0.forget(key) }
    }

    /// Signals a process that has not been waited for: its pid is still its own, and so is its group's.
    @discardableResult
    func signal(_ key: ProcessKey, _ signal: CInt, toGroup: Bool) -> Bool {
        state.withLockedValue { state in
            guard let child = state.child(key), !child.isReaped else { return false }
            return child.main.signal(signal, group: toGroup, of: child.watched.main.pid)
        }
    }

    /// Does something with the terminal of a process: it stays open as long, and nobody waits for it. `nil`: it has none.
    func withTerminal<Result>(_ key: ProcessKey, _ body: (CInt) -> Result) -> Result? {
        state.withLockedValue { state in
            guard let child = state.child(key), child.hasTerminal else { return nil }
            return body(child.watched.output)
        }
    }

    /// From now on its descriptor may be closed.
    func willCloseTerminal(_ id: UInt64) {
        state.withLockedValue { $0.children[id]?.hasTerminal = false }
    }

    /// Another process is the main one from now on.
    func succeed(_ id: UInt64, _ main: MainProcess, _ tree: ProcessTree, _ notices: NotifyState) {
        let waiters = state.withLockedValue { $0.succeed(id, main, tree, notices) }
        for waiter in waiters { waiter.resume(returning: notices) }
    }

    /// From now on its pid may be another's, and its descriptor closed.
    func willReap(_ id: UInt64) {
        state.withLockedValue { $0.children[id]?.isReaped = true }
    }

    func publish(_ id: UInt64, _ counts: OutputCounts) {
        let waiters = state.withLockedValue { $0.publish(id, counts) }
        for waiter in waiters { waiter.resume(returning: counts) }
    }

    func publish(_ id: UInt64, _ notices: NotifyState) {
        let waiters = state.withLockedValue { $0.publish(id, notices) }
        for waiter in waiters { waiter.resume(returning: notices) }
    }

    func finish(_ id: UInt64, _ end: ProcessEnd, _ counts: OutputCounts) {
        guard let finished = state.withLockedValue({ $0.finish(id, end, counts) }) else { return }
        for listener in finished.listeners { listener.yield(finished.record) }
        for waiter in finished.outputWaiters { waiter.resume(returning: counts) }
        for waiter in finished.noticeWaiters { waiter.resume(returning: nil) }
        for waiter in finished.endWaiters { waiter.resume(returning: end) }
    }

    func ends() -> AsyncStream<ChildRecord> {
        let (stream, continuation) = AsyncStream.makeStream(of: ChildRecord.self)
        let (id, ended) = state.withLockedValue { $0.listen(continuation) }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLockedValue { $0.listeners[id] = nil }
        }
        for record in ended { continuation.yield(record) }
        return stream
    }

    /// The watching thread is gone: nobody will hear anything any more. Answers the pids of processes whose end was not
    /// heard of.
    func close() -> [pid_t] {
        let closed = state.withLockedValue { $0.close() }
        for listener in closed.listeners { listener.finish() }
        for waiter in closed.outputWaiters { waiter.resume(returning: nil) }
        for waiter in closed.noticeWaiters { waiter.resume(returning: nil) }
        for waiter in closed.endWaiters { waiter.resume(returning: nil) }
        return closed.unheard
    }
}

// What suspends: asked under the lock, again when the continuation is there, and by the cancellation.
extension ProcessTable {
    func ended(_ key: ProcessKey) async -> ProcessEnd? {
        let waiter = state.withLockedValue { $0.makeID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: ProcessEnd?? = state.withLockedValue { state in
                    guard let id = state.ids[key], !Task.isCancelled else { return .some(nil) }
                    if let end = state.children[id]?.record.end { return end }
                    state.children[id]?.endWaiters[waiter] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLockedValue { $0.takeEndWaiter(waiter, key) }?.resume(returning: nil)
        }
    }

    func output(_ key: ProcessKey, beyond position: SpoolPosition) async -> OutputCounts? {
        let waiter = state.withLockedValue { $0.makeID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: OutputCounts?? = state.withLockedValue { state in
                    guard let id = state.ids[key], let counts = state.children[id]?.record.output, !Task.isCancelled
                    else { return .some(nil) }
                    if counts.isComplete || counts.position > position { return counts }
                    state.children[id]?.outputWaiters[waiter] = (position, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLockedValue { $0.takeOutputWaiter(waiter, key) }?.resume(returning: nil)
        }
    }

    func notices(_ key: ProcessKey, beyond version: UInt64) async -> NotifyState? {
        let waiter = state.withLockedValue { $0.makeID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: NotifyState?? = state.withLockedValue { state in
                    guard let id = state.ids[key], let record = state.children[id]?.record, record.end == nil,
                        !Task.isCancelled
                    else { return .some(nil) }
                    if record.notices.version > version { return record.notices }
                    state.children[id]?.noticeWaiters[waiter] = (version, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLockedValue { $0.takeNoticeWaiter(waiter, key) }?.resume(returning: nil)
        }
    }
}
