package import JSON

/// How a producer ended its subscription.
package struct SubscriptionEnd: Sendable {
    /// A stable word: `done`, `slowReader`, `canceled`, `stopping`, or one of the producer's own.
    package var cause: String
    /// The position to go on from with another subscription, if that is possible. Nil: after the last item sent.
    package var next: JSON?

    package init(cause: String, next: JSON? = nil) {
        self.cause = cause
        self.next = next
    }

    /// There is nothing more.
    package static let done = "done"
    /// The client asked for it.
    package static let canceled = "canceled"
    /// The client does not read, or not fast enough.
    package static let slowReader = "slowReader"
    /// The server is going.
    package static let stopping = "stopping"
}

/// The subscription has ended, or the connection has: nothing can be sent any more.
package struct SubscriptionOver: Error, Sendable {}

/// Where a producer sends the items of its subscription.
package struct SubscriptionSink: Sendable {
    /// The id that the client knows the subscription by.
    package let id: String
    let connection: Connection

    /// Sends one item, as `subscription.next`. While the client does not read as fast as it is sent to, it suspends.
    ///
    /// - Parameter next: The position to go on from after this item.
    /// - Throws: when the subscription has ended, and on cancellation: the producer should return then.
    package func send(_ item: JSON, next: JSON? = nil) async throws(SubscriptionOver) {
        var params: JSONObject = ["subscription": .string(id), "item": item]
        if let next { params.members.append(JSONObject.Member(name: "next", value: next)) }
        let text = AnswerText.notification("subscription.next", params)
        try await connection.push(Push(subscription: id, text: text, next: next))
    }
}
