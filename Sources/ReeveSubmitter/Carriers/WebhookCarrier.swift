import JSON
package import ReeveProtocol

/// Makes submissions into a signed request, posts it, and says what became of it.
package struct WebhookCarrier: Carrier {
    static let contentType = "application/cloudevents+json; charset=utf-8"
    /// How often one request is sent on to another place of the same origin.
    static let mostRedirects = 3
    /// How much of an answer is kept to be shown, in characters.
    static let answerLength = 200
    static let defaultTimeout = Duration.seconds(15)

    private let endpoint: EndpointDefinition
    private let sender: EventSender
    private let transport: any Transport
    private let values: ValueReader
    private let wallClock: any WallClock

    package init(
        _ endpoint: EndpointDefinition,
        sender: EventSender,
        transport: any Transport,
        values: ValueReader,
        wallClock: any WallClock
    ) {
        self.endpoint = endpoint
        self.sender = sender
        self.transport = transport
        self.values = values
        self.wallClock = wallClock
    }

    /// It is signed anew each time, and its secrets are read anew.
    package func carry(_ submissions: [Submission]) async -> Attempt {
        let event = CloudEvent.submission(submissions[0].changes, agent: sender.agent)
        var request: TransportRequest?
        func shellLine() -> @Sendable () -> String {
            { [request, endpoint] in request.map { Self.curl($0, endpoint) } ?? "" }
        }
        do {
            let made = try makeRequest(event.serialized(), id: submissions[0].id)
            request = made
            let answer = try await follow(made)
            return Attempt(result(of: answer), answer: answer, shellLine: shellLine())
        } catch {
            return .trouble("\(error)", shellLine: shellLine())
        }
    }

    private func result(of answer: TransportAnswer) -> DeliveryResult {
        let text = String(decoding: answer.body.prefix(4 * Self.answerLength), as: UTF8.self)
        let reply = Reply(status: answer.status, text: String(text.prefix(Self.answerLength)))
        let wait = answer.value(of: "retry-after").flatMap { retryAfter($0, now: wallClock.now) }
        return AnswerTable(endpoint.answers).result(reply, retryAfter: wait)
    }

    private func makeRequest(_ body: [UInt8], id: String) throws -> TransportRequest {
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

extension WebhookCarrier {
    /// The endpoint's own headers may be secret however they were given; so may a URL that was not written out.
    private static func curl(_ request: TransportRequest, _ definition: EndpointDefinition) -> String {
        let own = Set((definition.headers ?? [:]).keys.map { $0.lowercased() })
        var words = ["curl", "-X", "POST"]
        for header in request.headers {
            let value = own.contains(header.name.lowercased()) ? "SECRET" : header.value
            words += ["-H", quoted("\(header.name): \(value)")]
        }
        words += ["--data-binary", quoted(String(decoding: request.body, as: UTF8.self))]
        if case .literal = definition.url { words.append(quoted(request.url)) } else { words.append("URL") }
        return words.joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        var text = "'"
        for character in word {
            if character == "'" { text += "'\\''" } else { text.append(character) }
        }
        return text + "'"
    }
}
