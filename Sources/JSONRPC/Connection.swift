package import JSON
import NIOCore
import NIOConcurrencyHelpers

/// One client's connection, as the methods see it. All of it may be used from any thread.
package final class Connection: Sendable {
    /// What the server's owner found out about the client when it was accepted.
    package let peer: any Sendable
    let eventLoop: any EventLoop
    let outbox: Outbox
    private let handler: NIOLoopBoundBox<ServerHandler?>

    init(peer: any Sendable, eventLoop: any EventLoop) {
        self.peer = peer
        self.eventLoop = eventLoop
        outbox = Outbox()
        handler = .makeEmptyBox(eventLoop: eventLoop)
    }

    /// Ends a subscription of this connection with the cause `canceled`.
    ///
    /// - Returns: False if there is none of that id, or no longer.
    package func cancelSubscription(_ id: String) -> Bool {
        guard outbox.endSubscription(id) else { return false }
        deliver(.endSubscription(id, cause: SubscriptionEnd.canceled))
        return true
    }

    /// Sends a notification that belongs to no subscription; suspends while the client does not read.
    ///
    /// Clients do not expect one before they asked for it in some way.
    /// - Throws: `SubscriptionOver` when the connection has gone, and on cancellation.
    package func send(_ method: String, params: JSONObject) async throws(SubscriptionOver) {
        try await push(Push(subscription: nil, text: AnswerText.notification(method, params), next: nil))
    }

    func push(_ push: Push) async throws(SubscriptionOver) {
        while true {
            switch outbox.offer(push) {
            case .accepted(let isFirst):
                if isFirst { wake() }
                return
            case .over: throw SubscriptionOver()
            case .full: try await outbox.room(for: push.subscription)
            }
        }
    }

    /// Gives the handler an event; in place if this is its thread.
    func deliver(_ event: Outbox.Event) {
        if eventLoop.inEventLoop, outbox.isEmpty {
            handler.value?.handle(event)
        } else if outbox.add(event) {
            wake()
        }
    }

    private func wake() {
        if eventLoop.inEventLoop {
            // Not in place: who pushes may stand in the middle of the handler.
            eventLoop.assumeIsolated().execute { self.handler.value?.drain() }
        } else {
            eventLoop.execute { self.handler.value?.drain() }
        }
    }

    /// Only on the event loop.
    func attach(_ handler: ServerHandler?) {
        self.handler.value = handler
    }
}
