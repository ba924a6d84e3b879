import Crypto
import JSON
import ReeveProtocol

/// What is sent for submissions: the same for every attempt but for its signature.
struct EventMessage: Sendable {
    /// That of the submission; of several a hash of their changes' ids, so that it is the same at every attempt.
    var id: String
    var contentType: String
    /// Attributes of the event that stand beside its body.
    var headers: [TransportHeader] = []
    var body: [UInt8]
}

/// Writes submissions in the format of an endpoint.
struct EventWriter: Sendable {
    /// How long a text for people may be, in bytes: chat services take 4,000 characters and more.
    static let longestText = 3500

    let sender: EventSender
    private let endpoint: EndpointDefinition
    private let template: EventTemplate?
    private let tails: (any OutputTails)?

    /// - Parameter tails: Where the last of a run's output is found.
    init(_ endpoint: EndpointDefinition, sender: EventSender, tails: (any OutputTails)?) {
        self.sender = sender
        self.endpoint = endpoint
        self.tails = tails
        template = try? endpoint.eventTemplate()
    }

    /// As the body of a request.
    func message(_ submissions: [Submission]) async throws -> EventMessage {
        let events = await events(submissions)
        // Where batches are asked for, a single event is one of them.
        let isBatch = events.count > 1 || endpoint.batch != nil && endpoint.format ?? .cloudevents == .cloudevents
        let id = isBatch ? Self.batchID(submissions) : submissions[0].id
        func message(_ type: String, _ body: [UInt8], _ headers: [TransportHeader] = []) -> EventMessage {
            EventMessage(id: id, contentType: type, headers: headers, body: body)
        }
        switch endpoint.format ?? .cloudevents {
        case .cloudevents where !isBatch:
            return message("application/cloudevents+json; charset=utf-8", events[0].serialized())
        // Binary mode has no form for several.
        case .binary where events.count > 1, .cloudevents:
            return message("application/cloudevents-batch+json; charset=utf-8", JSON.array(events).serialized())
        case .binary:
            let (headers, data) = BinaryEvent.parts(of: events[0])
            return message("application/json", data?.serialized() ?? [], headers)
        case .text:
            let text = events.map(Self.text).joined(separator: "\n")
            let body: JSON = ["text": .string(text.cut(to: Self.longestText))]
            return message("application/json", body.serialized())
        case .template:
            let text = try events.map(render).joined(separator: "\n")
            return message(EventTemplate.contentType(of: endpoint), Array(text.utf8))
        }
    }

    /// As lines, one or more for each submission, with the line break at their end.
    func lines(_ submissions: [Submission]) async throws -> [UInt8] {
        let events = await events(submissions)
        var bytes: [UInt8] = []
        for event in events {
            switch endpoint.format ?? .cloudevents {
            case .cloudevents, .binary: bytes += event.serialized()
            case .text: bytes += Array("\(event["time"]?.string ?? "") \(Self.text(event))".utf8)
            case .template: bytes += Array(try render(event).utf8)
            }
            if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        }
        return bytes
    }

    private func render(_ event: JSON) throws -> String {
        guard let template else { throw TransportFailure("the template cannot be read: put the endpoint again") }
        return template.render(event)
    }

    private func events(_ submissions: [Submission]) async -> [JSON] {
        var events: [JSON] = []
        for submission in submissions {
            let event = CloudEvent.submission(
                submission.changes,
                agent: sender.agent,
                isRedelivered: submission.isRedelivered
            )
            events.append(await withTail(event, submission.changes))
        }
        return events
    }

    /// A run that did not succeed or goes on, with the last of its output where the endpoint asks for that.
    private func withTail(_ event: JSON, _ changes: [StateChange]) async -> JSON {
        guard let tails, let change = changes.last, hasTail(change), let run = change.content.data?["run"]?.string,
            let tail = await tails.tail(ofRun: run, bytes: EventMessage.tailLength), !tail.isEmpty,
            var object = event.object, var data = object["data"]?.object
        else { return event }
        data["tail"] = .string(tail)
        object["data"] = .object(data)
        return .object(object)
    }

    private func hasTail(_ change: StateChange) -> Bool {
        guard change.content.source == nil else { return false }
        if change.isProgress { return endpoint.progress != nil }
        let outcome = change.content.data?["outcome"]?.string
        return endpoint.tail == true && outcome.map { $0 != Outcome.succeeded.rawValue } ?? false
    }

    /// A sentence for people, with the last of the output below it where it is there.
    static func text(_ event: JSON) -> String {
        let data = event["data"]
        let type = event["type"]?.string ?? ""
        let summary =
            data?["summary"]?.string ?? (event["subject"]?.string).map { "\(type) \($0)" } ?? type
        guard let tail = data?["tail"]?.string, type.hasPrefix(EventType.prefix) else { return summary }
        return summary + "\n```\n" + tail.trimmedEnd + "\n```"
    }

    /// What is the same for the same changes in the same order.
    private static func batchID(_ submissions: [Submission]) -> String {
        var hash = SHA256()
        for change in submissions.flatMap(\.changes) { hash.update(data: Array("\(change.id)\n".utf8)) }
        return "batch_" + Base64.encoded(hash.finalize().prefix(18))
    }
}

extension EventMessage {
    /// How much of a run's output goes with its event, in bytes.
    package static let tailLength = 2048
}

/// Finds what runs have written last.
package protocol OutputTails: Sendable {
    /// The last of all that a run's steps have written, as text, not longer than `bytes` in UTF-8; `nil` if there is none.
    func tail(ofRun run: String, bytes: Int) async -> String?
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
