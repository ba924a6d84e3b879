package import JSON

/// A method that clients can call.
package struct Method: Sendable {
    /// How a method is worked on.
    package enum Kind: Sendable {
        /// Answered at once on the event loop, without a task: for what only looks something up in memory.
        case immediate(@Sendable (Request) throws -> RPCResult)
        /// Worked on by a task of the connection. Up to its first suspension it runs on the event loop, in the order of
        /// the requests: what it enqueues until then takes effect in that order, and nothing there may take long.
        case asynchronous(@Sendable (Request) async throws -> RPCResult)
        /// Like `asynchronous`, for what may take as long as it likes: counted as a wait, so that
        /// waiting clients do not keep other requests out.
        case waiting(@Sendable (Request) async throws -> RPCResult)
    }

    /// The canonical name.
    package let name: String
    /// The names of the parameters, in the order in which they are given by position.
    package let parameters: [String]
    package let kind: Kind

    package init(_ name: String, parameters: [String] = [], kind: Kind) {
        self.name = name
        self.parameters = parameters
        self.kind = kind
    }
}

/// One call of a method.
package struct Request: Sendable {
    /// The parameters by name, also where they came by position; empty where there were none.
    package let params: JSONObject
    /// Whence it came.
    package let connection: Connection
    /// Nobody will see the answer.
    package let isNotification: Bool
}

/// What a method answers.
package enum RPCResult: Sendable {
    case json(JSON)
    /// The bytes of one JSON text that was written before, without newlines.
    case bytes([UInt8])
    /// Answers `{subscription: <id>}` and starts the producer once that is written. The members, if any, are
    /// added to the answer.
    case subscription(SubscriptionProducer, members: JSONObject = JSONObject())
}

/// Sends the items of a subscription, and says at last how it ended.
///
/// It runs in a task of the connection, which is cancelled when the subscription ends in another way: on
/// `subscription.cancel`, with the connection, with the server, or because the client reads too slowly.
package typealias SubscriptionProducer = @Sendable (SubscriptionSink) async -> SubscriptionEnd
