package import JSON

extension WebhookReceiver {
    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What is sent back.
    package enum Answer: Sendable {
        case status(Int, headers: [Header], body: String, isCutMidway: Bool)
        /// Nothing, until the other side gives up.
        case hang
        /// The connection is closed after the request was read.
        case cut

        package static var ok: Answer { .status(200) }

        package static func status(_ status: Int, headers: [Header] = [], body: String = "") -> Answer {
            .status(status, headers: headers, body: body, isCutMidway: false)
        }

        package static func status(_ status: Int, retryAfter: String) -> Answer {
            .status(status, headers: [Header(name: "retry-after", value: retryAfter)])
        }

        package static func redirect(_ status: Int, to location: String) -> Answer {
            .status(status, headers: [Header(name: "location", value: location)])
        }

        /// The status and a piece of the body, and then the connection is closed.
        package static func cutMidway(_ status: Int) -> Answer {
            .status(status, headers: [], body: "so far", isCutMidway: true)
        }
    }

    /// What suspends a decision until the test lets it go on. It may be waited for by many.
    package struct Gate: Sendable {
        private let waits: AsyncStream<Never>
        private let end: AsyncStream<Never>.Continuation

        package init() {
            (waits, end) = AsyncStream.makeStream()
        }

        package func open() { end.finish() }

        /// Returns when the gate is open, or when the caller is cancelled.
        package func wait() async {
            for await _ in waits {}
        }
    }

    /// A request as it arrived.
    package struct Request: Sendable {
        /// Counts all requests from 0.
        package var number: Int
        package var method: String
        package var target: String
        package var headers: [Header]
        package var body: [UInt8]
        /// The body as JSON; `nil` if it is none.
        package var event: JSON?
        /// The changes that the event carries: those of `data.changes`, for a published event itself alone.
        package var changes: [Change]

        package struct Change: Sendable, Hashable {
            package var id: String
            package var sequence: Int64

            package init(id: String, sequence: Int64) {
                self.id = id
                self.sequence = sequence
            }
        }

        init(number: Int, method: String, target: String, headers: [Header], body: [UInt8]) {
            self.number = number
            self.method = method
            self.target = target
            self.headers = headers
            self.body = body
            event = try? JSON(parsing: body)
            changes = event.map(Self.changes) ?? []
        }

        /// The values of all headers of that name, whatever their case, in order.
        package func values(of name: String) -> [String] {
            headers.filter { $0.name.lowercased() == name }.map(\.value)
        }

        package var id: String? { event?["id"]?.string }
        package var type: String? { event?["type"]?.string }
        package var lane: String? { event?["lane"]?.string }
        /// The journal number of the change before the first in its lane.
        package var previous: Int64? { event?["previous"]?.string.flatMap { Int64($0) } }

        private static func changes(of event: JSON) -> [Change] {
            func change(_ value: JSON) -> Change? {
                guard let id = value["id"]?.string, let sequence = value["sequence"]?.string.flatMap({ Int64($0) })
                else {
                    return nil
                }
                return Change(id: id, sequence: sequence)
            }
            // A publisher's own data may have a member of that name: it is told by its type.
            let isOwn = event["type"]?.string?.hasPrefix("dev.reeve.") ?? false
            guard isOwn, let list = event["data"]?["changes"]?.array else { return [change(event)].compactMap(\.self) }
            return list.compactMap(change)
        }
    }

    /// A request and what became of it.
    package struct Record: Sendable {
        package var request: Request
        /// Arrivals and answers are counted together, so that what overlapped can be seen.
        package var arrivedAt: Int
        package var answeredAt: Int?
        /// The answer; `nil` if there was none, or none that was whole.
        package var status: Int?

        package var isDelivered: Bool { status.map { (200...299).contains($0) } ?? false }

        /// Whether the answer was about the event, so that the sender may have given it up.
        var isRefused: Bool { status.map { (300...499).contains($0) } ?? false }
    }
}
