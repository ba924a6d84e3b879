import JSON
import NIOConcurrencyHelpers

/// A text that a producer wants to have sent.
struct Push: Sendable {
    /// The subscription to which it belongs, if it does to one.
    let subscription: String?
    let text: [UInt8]
    /// The position to go on from after this.
    let next: JSON?
}

/// What other threads hand to a connection's event loop, in order, and what they may know of it without asking.
final class Outbox: Sendable {
    enum Event: Sendable {
        case completed(call: UInt64, Result<RPCResult, any Error>)
        case push(Push)
        case produced(String, SubscriptionEnd)
        case endSubscription(String, cause: String)
    }

    enum Offer {
        /// Taken. `isFirst`: the event loop has to be told.
        case accepted(isFirst: Bool)
        /// There is no room; wait for it.
        case full
        /// The subscription or the connection has ended.
        case over
    }

    private struct Waiter {
        let subscription: String?
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var events: [Event] = []
        var pushedBytes = 0
        var isWritable = true
        var isClosed = false
        var subscriptions: Set<String> = []
        var waiters: [UInt64: Waiter] = [:]
        var lastWaiter: UInt64 = 0

        func isOver(_ subscription: String?) -> Bool {
            isClosed || subscription.map { !subscriptions.contains($0) } ?? false
        }

        var hasRoom: Bool { isWritable && pushedBytes < Outbox.maximumBytes }

        mutating func takeWaiters(where isMeant: (Waiter) -> Bool) -> [CheckedContinuation<Void, Never>] {
            let meant = waiters.filter { isMeant($0.value) }
            for number in meant.keys { waiters.removeValue(forKey: number) }
            return meant.values.map(\.continuation)
        }
    }

    /// How many bytes of pushed texts may wait for the event loop.
    static let maximumBytes = 64 << 10

    private let state = NIOLockedValueBox(State())

    var isEmpty: Bool { state.withLockedValue { $0.events.isEmpty } }

    /// - Returns: Whether the event loop has to be told.
    func add(_ event: Event) -> Bool {
        state.withLockedValue { state in
            state.events.append(event)
            return state.events.count == 1
        }
    }

    func offer(_ push: Push) -> Offer {
        state.withLockedValue { state in
            if state.isOver(push.subscription) { return .over }
            guard state.hasRoom else { return .full }
            state.pushedBytes += push.text.count
            state.events.append(.push(push))
            return .accepted(isFirst: state.events.count == 1)
        }
    }

    /// Everything that was added since the last time.
    func takeEvents() -> [Event] {
        state.withLockedValue { state in
            let events = state.events
            state.events = []
            state.pushedBytes = 0
            return events
        }
    }

    func openSubscription(_ id: String) {
        state.withLockedValue { _ = $0.subscriptions.insert(id) }
    }

    /// From now on nothing more is taken for the subscription. False if it had ended before.
    func endSubscription(_ id: String) -> Bool {
        let (ended, waiters) = state.withLockedValue { state in
            (state.subscriptions.remove(id) != nil, state.takeWaiters { $0.subscription == id })
        }
        waiters.forEach { $0.resume() }
        return ended
    }

    /// Whether the channel wants more to write. To be called on the event loop, also after events were taken.
    func update(isWritable: Bool) {
        let waiters = state.withLockedValue { state in
            state.isWritable = isWritable
            return state.hasRoom ? state.takeWaiters { _ in true } : []
        }
        waiters.forEach { $0.resume() }
    }

    func close() {
        let waiters = state.withLockedValue { state in
            state.isClosed = true
            return state.takeWaiters { _ in true }
        }
        waiters.forEach { $0.resume() }
    }
}

extension Outbox {
    /// Returns when there may be room again, or when the subscription has ended; who waits asks anew.
    ///
    /// - Throws: when the task is cancelled.
    func room(for subscription: String?) async throws(SubscriptionOver) {
        let number = state.withLockedValue { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumeNow = state.withLockedValue { state in
                    if state.isOver(subscription) || state.hasRoom || Task.isCancelled { return true }
                    state.waiters[number] = Waiter(subscription: subscription, continuation: continuation)
                    return false
                }
                if resumeNow { continuation.resume() }
            }
        } onCancel: {
            state.withLockedValue { $0.waiters.removeValue(forKey: number) }?.continuation.resume()
        }
        if Task.isCancelled { throw SubscriptionOver() }
    }
}
