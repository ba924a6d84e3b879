import NIOConcurrencyHelpers

/// Wakes those who wait for something new in the store, after the commit that brought it.
///
/// Wake-ups coalesce and carry nothing: whoever is woken looks into the store.
package final class Signals: Sendable {
    package enum Topic: Sendable, Hashable {
        /// A state change was appended.
        case journal
        /// A run was made, or ended before it began.
        case runs
        /// A run that goes on was asked to stop.
        case stops
        /// The run of that id stopped.
        case end(ofRun: String)
        /// A task was put, removed, paused, resumed or planned anew.
        case tasks
        /// Something is wanted of dead letters.
        case wishes
        /// A group was put.
        case groups
        /// When a task is due next was computed.
        case plans
        /// A service was put, removed, or asked for something.
        case services
        /// How a service stands was recorded.
        case serviceStates
        /// An endpoint was put, removed, paused or resumed.
        case endpoints
        /// A submitter noted what it delivered.
        case deliveries
        /// A client was refused, for there is no room for what it had.
        case room
    }

    /// What every commit says anew.
    struct Extent: Sendable {
        /// The number of the last state change.
        var head: Int64 = 0
        /// The bytes of the database that are in use.
        var used = 0
    }

    private struct Waiter {
        var isOver: @Sendable (Extent) -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var listeners: [Topic: [Int: AsyncStream<Void>.Continuation]] = [:]
        var lastID = 0
        var extent = Extent()
        var isClosed = false
    }

    private let state = NIOLockedValueBox(State())

    init() {}

    /// The number of the last state change that is committed; 0 if there never was one.
    package var head: Int64 { state.withLockedValue { $0.extent.head } }

    /// The bytes of the database that are in use; what is free in its file is not.
    package var used: Int { state.withLockedValue { $0.extent.used } }

    /// Wake-ups about a topic, for one listener, until its task is cancelled or the store closes.
    ///
    /// The first comes at once, so a loop that looks at each wake-up misses nothing that was there before. Those that
    /// come while the listener is busy become one.
    package func changes(_ topic: Topic) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLockedValue { state -> Int? in
            guard !state.isClosed else { return nil }
            state.lastID += 1
            state.listeners[topic, default: [:]][state.lastID] = continuation
            return state.lastID
        }
        continuation.yield()
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLockedValue { state in
                state.listeners[topic]?[id] = nil
                if state.listeners[topic]?.isEmpty == true { state.listeners[topic] = nil }
            }
        }
        return stream
    }

    /// Returns when the journal has a change after that number; also when the caller is cancelled or the store closes.
    package func waitForJournal(after sequence: Int64) async {
        await wait { $0.head > sequence }
    }

    /// Returns when more bytes of the database are in use; also when the caller is cancelled or the store closes.
    package func waitForUse(above bytes: Int) async {
        await wait { $0.used > bytes }
    }

    private func wait(until isOver: @escaping @Sendable (Extent) -> Bool) async {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLockedValue { state in
                    guard !isOver(state.extent), !state.isClosed, !Task.isCancelled else { return false }
                    state.waiters[id] = Waiter(isOver: isOver, continuation: continuation)
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
        }
    }

    /// A transaction is committed.
    func committed(_ topics: Set<Topic>, _ extent: Extent) {
        let (listeners, waiters) = state.withLockedValue { state in
            state.extent.head = max(state.extent.head, extent.head)
            state.extent.used = extent.used
            let reached = state.waiters.filter { $0.value.isOver(state.extent) }
            for id in reached.keys { state.waiters[id] = nil }
            return (topics.flatMap { state.listeners[$0].map { Array($0.values) } ?? [] }, reached.values)
        }
        for listener in listeners { listener.yield() }
        for waiter in waiters { waiter.continuation.resume() }
    }

    /// A client was refused for want of room: who makes room is to know.
    package func refusedForRoom() {
        let listeners = state.withLockedValue { $0.listeners[.room].map { Array($0.values) } ?? [] }
        for listener in listeners { listener.yield() }
    }

    /// The store is closed: every stream ends.
    func close() {
        let (listeners, waiters) = state.withLockedValue { state in
            state.isClosed = true
            defer {
                state.listeners = [:]
                state.waiters = [:]
            }
            return (state.listeners.values.flatMap(\.values), state.waiters.values)
        }
        for listener in listeners { listener.finish() }
        for waiter in waiters { waiter.continuation.resume() }
    }
}
