import JSON

/// What a client waits for: answers and messages in, who gets them out. No channel, no lock.
struct ClientState {
    typealias Stream = AsyncThrowingStream<ClientSubscription.Element, any Error>.Continuation

    struct Pending: Sendable {
        let continuation: CheckedContinuation<JSON, any Error>
        /// Where the messages go, if the call opens a subscription.
        let stream: Stream?
    }

    /// What is to be done with one message, outside the lock.
    enum Delivery {
        case answer(CheckedContinuation<JSON, any Error>, Result<JSON, RPCError>)
        case element(Stream, ClientSubscription.Element, isLast: Bool)
        /// The server says something of the whole connection.
        case failure(RPCError)
        case other(String, JSON)
        case nothing
    }

    /// How many elements of subscriptions may wait to be taken.
    static let maximumWaiting = 1_024

    private(set) var failure: (any Error)?
    private(set) var waiting = 0
    private var lastID = 0
    private var pending: [Int: Pending] = [:]
    private var streams: [String: Stream] = [:]

    var mayRead: Bool { waiting < Self.maximumWaiting }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    mutating func add(_ id: Int, _ call: Pending) { pending[id] = call }

    mutating func remove(_ id: Int) -> Pending? { pending.removeValue(forKey: id) }

    mutating func removeStream(_ id: String) -> Bool { streams.removeValue(forKey: id) != nil }

    /// - Returns: Whether reading may go on again.
    mutating func taken() -> Bool {
        waiting -= 1
        return waiting == Self.maximumWaiting / 2
    }

    mutating func received(_ message: JSON) -> Delivery {
        if case .string(let method) = message["method"] {
            return notified(method, message["params"] ?? .null)
        }
        let result = message["error"].map { Result.failure(RPCError(json: $0)) } ?? .success(message["result"] ?? .null)
        guard let id = message["id"]?.integer else {
            if case .failure(let error) = result { return .failure(error) }
            return .nothing
        }
        guard let call = pending.removeValue(forKey: id) else { return .nothing }
        if let stream = call.stream, case .success(let answer) = result, let id = answer["subscription"]?.string {
            streams[id] = stream
        }
        return .answer(call.continuation, result)
    }

    private mutating func notified(_ method: String, _ params: JSON) -> Delivery {
        guard method == "subscription.next" || method == "subscription.end" else { return .other(method, params) }
        guard let id = params["subscription"]?.string, let stream = streams[id] else { return .nothing }
        waiting += 1
        if method == "subscription.next" {
            return .element(stream, .item(params["item"] ?? .null, next: params["next"]), isLast: false)
        }
        streams[id] = nil
        return .element(stream, .end(cause: params["cause"]?.string ?? "", next: params["next"]), isLast: true)
    }

    /// The connection is over; gives who has to be told. Only the first reason counts.
    mutating func fail(_ error: any Error) -> (calls: [Pending], streams: [Stream]) {
        if failure == nil { failure = error }
        defer {
            pending = [:]
            streams = [:]
        }
        return (Array(pending.values), Array(streams.values))
    }
}

extension RPCError {
    /// The error of an answer, as far as it can be read.
    init(json: JSON) {
        self.init(
            code: json["code"]?.integer ?? -32603,
            message: json["message"]?.string ?? "an error that is not understood: \(json.text)",
            data: json["data"]
        )
    }
}
