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

    /// A request as it arrived.
    package struct Request: Sendable {
        /// Counts all requests from 0.
        package var number: Int
        /// Of HTTP: 1 or 2.
        package var version: Int
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

        init(number: Int, version: Int, method: String, target: String, headers: [Header], body: [UInt8]) {
            self.number = number
            self.version = version
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

        static func changes(of event: JSON) -> [Change] {
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

        /// Nothing more becomes of it.
        var isEnded = false

        /// A batch as one for each of its lanes, which came and were answered together; another as it is.
        var parts: [Record] {
            guard let events = request.event?.array else { return [self] }
            return Dictionary(grouping: events) { $0["lane"]?.string }.values.map { events in
                var (part, event) = (self, events[events.count - 1].object ?? [:])
                event["previous"] = events[0]["previous"]
                part.request.event = .object(event)
                part.request.body = events.flatMap { Array($0.text.utf8) }
                part.request.changes = events.flatMap(Request.changes)
                return part
            }
        }

        package var isDelivered: Bool { status.map { (200...299).contains($0) } ?? false }

        /// Whether the answer was about the event, so that the sender may have given it up.
        var isRefused: Bool { status.map { (300...499).contains($0) } ?? false }
    }
}
