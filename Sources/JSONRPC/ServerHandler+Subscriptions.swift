import JSON

/// The subscriptions of a connection. Confined to the event loop.
struct Subscriptions {
    /// Those that have not ended, with the position after what was sent last.
    var open: [String: JSON?] = [:]
    /// The producers that have not returned, also of subscriptions that have ended.
    var producers: [String: Task<Void, Never>] = [:]
    var last = 0

    var isEmpty: Bool { producers.isEmpty }
}

extension ServerHandler {
    /// For a connection that has gone: nobody is told.
    func dropSubscriptions() {
        subscriptions.open = [:]
        for task in Array(subscriptions.producers.values) { task.cancel() }
    }

    func openSubscription() -> String {
        subscriptions.last += 1
        let id = String(subscriptions.last)
        subscriptions.open[id] = .some(nil)
        connection.outbox.openSubscription(id)
        return id
    }

    /// Once its answer is written.
    func startSubscription(_ id: String, _ producer: @escaping SubscriptionProducer) {
        guard subscriptions.open[id] != nil else { return }
        let connection = connection
        let sink = SubscriptionSink(id: id, connection: connection)
        // The connection owns the task; not immediate, because a producer may have much to send before it suspends.
        subscriptions.producers[id] = Task {
            let end = await producer(sink)
            connection.deliver(.produced(id, end))
        }
        watchSlowReader()
    }

    func send(_ push: Push) {
        if let id = push.subscription {
            guard subscriptions.open[id] != nil else { return }
            if let next = push.next { subscriptions.open[id] = next }
        }
        append(push.text)
    }

    func produced(_ id: String, _ end: SubscriptionEnd) {
        subscriptions.producers[id] = nil
        endSubscription(id, cause: end.cause, next: end.next)
    }

    /// Tells the client that a subscription has ended, and its producer to stop; nothing if it has ended before.
    func endSubscription(_ id: String, cause: String, next: JSON? = nil) {
        guard let position = subscriptions.open.removeValue(forKey: id) else { return }
        _ = connection.outbox.endSubscription(id)
        subscriptions.producers[id]?.cancel()
        var params: JSONObject = ["subscription": .string(id), "cause": .string(cause)]
        if let next = next ?? position { params.members.append(JSONObject.Member(name: "next", value: next)) }
        append(AnswerText.notification("subscription.end", params))
    }

    func endSubscriptions(cause: String) {
        for id in subscriptions.open.keys.sorted() { endSubscription(id, cause: cause) }
    }
}
