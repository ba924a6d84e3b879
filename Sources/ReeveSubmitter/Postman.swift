import JSON
package import ReeveProtocol

/// Makes a submission into a signed request, posts it, and says what became of it.
package struct Postman: Sendable {
    /// Who sends.
    package struct Sender: Sendable {
        /// The agent's name, which is the source of its own changes.
        package var agent: String
        package var version: String

        package init(agent: String, version: String) {
            self.agent = agent
            self.version = version
        }
    }

    static let contentType = "application/cloudevents+json; charset=utf-8"
    /// How often one request is sent on to another place of the same origin.
    static let mostRedirects = 3
    /// How much of an answer is kept to be shown, in characters.
    static let answerLength = 200
    static let defaultTimeout = Duration.seconds(15)

    let sender: Sender
    private let transport: any Transport
    private let values: ValueReader
    private let wallClock: any WallClock

    package init(sender: Sender, transport: any Transport, values: ValueReader, wallClock: any WallClock) {
        self.sender = sender
        self.transport = transport
        self.values = values
        self.wallClock = wallClock
    }

    /// Tries once. It is signed anew each time, and its secrets are read anew.
    package func deliver(_ submission: Submission, to endpoint: EndpointDefinition) async -> DeliveryResult {
        let event = CloudEvent.submission(submission.changes, agent: sender.agent)
        return await post(event.serialized(), id: submission.id, to: endpoint).result
    }

    /// What one attempt was, for ``deliver(_:to:)`` and for a test that shows it to somebody.
    struct Attempt: Sendable {
        var request: TransportRequest?
        var answer: TransportAnswer?
        var result: DeliveryResult
    }

    func post(_ body: [UInt8], id: String, to endpoint: EndpointDefinition) async -> Attempt {
        var request: TransportRequest?
        do {
            let made = try makeRequest(body, id: id, to: endpoint)
            request = made
            let answer = try await follow(made)
            return Attempt(request: made, answer: answer, result: result(of: answer, endpoint))
        } catch {
            return Attempt(request: request, result: .trouble(Reply(status: nil, text: "\(error)"), after: nil))
        }
    }

    private func result(of answer: TransportAnswer, _ endpoint: EndpointDefinition) -> DeliveryResult {
        let text = String(decoding: answer.body.prefix(4 * Self.answerLength), as: UTF8.self)
        let reply = Reply(status: answer.status, text: String(text.prefix(Self.answerLength)))
        let wait = answer.value(of: "retry-after").flatMap { retryAfter($0, now: wallClock.now) }
        return AnswerTable(endpoint.answers).result(reply, retryAfter: wait)
    }

    private func makeRequest(
        _ body: [UInt8],
        id: String,
        to endpoint: EndpointDefinition
    ) throws -> TransportRequest {
        guard let url = endpoint.url else { throw TransportFailure("the endpoint has no URL") }
        let time = wallClock.now.milliseconds / 1000
        var headers = [
            TransportHeader(name: "content-type", value: Self.contentType),
            TransportHeader(name: "user-agent", value: "reeve/\(sender.version)"),
            TransportHeader(name: "webhook-id", value: id),
            TransportHeader(name: "webhook-timestamp", value: "\(time)"),
        ]
        if let secret = endpoint.secret {
            guard let key = SigningKey(try values.read(secret)) else {
                throw TransportFailure("the secret is not whsec_ and base64 of 24 to 64 bytes")
            }
            let signature = key.signature(id: id, time: time, body: body)
            headers.append(TransportHeader(name: "webhook-signature", value: signature))
        }
        for (name, value) in (endpoint.headers ?? [:]).sorted(by: { $0.key < $1.key }) {
            let text = try values.read(value)
            // A line break would begin a header of somebody else's.
            guard !text.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else {
                throw TransportFailure("the value of header \(name) has control characters")
            }
            // What the endpoint sets stands in the place of ours, never beside it.
            headers.removeAll { $0.name == name.lowercased() }
            headers.append(TransportHeader(name: name, value: text))
        }
        let timeout = endpoint.timeout?.duration ?? Self.defaultTimeout
        return TransportRequest(url: try values.read(url), headers: headers, body: body, timeout: timeout)
    }

    /// 307 and 308 to the same origin keep method and body and give the signature to nobody else; no other is followed.
    private func follow(_ first: TransportRequest) async throws(TransportFailure) -> TransportAnswer {
        var request = first
        for _ in 0..<Self.mostRedirects {
            let answer = try await transport.post(request)
            guard answer.status == 307 || answer.status == 308, let location = answer.value(of: "location"),
                let next = WebAddress(request.url)?.following(location)
            else { return answer }
            request.url = next
        }
        return try await transport.post(request)
    }
}
