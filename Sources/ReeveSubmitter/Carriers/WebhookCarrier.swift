import JSON
import ReeveLaunch
import ReeveProtocol
import ReeveStore

/// Makes submissions into a signed request, posts it, and says what became of it.
struct WebhookCarrier: Carrier {
    /// How often one request is sent on to another place of the same origin.
    static let mostRedirects = 3
    /// How much of an answer is kept to be shown, in bytes.
    static let answerLength = 200
    static let defaultTimeout = Duration.seconds(15)

    private let endpoint: EndpointDefinition
    private let writer: EventWriter
    private let transport: any Transport
    private let secrets: SecretReader
    private let wallClock: any WallClock
    private let previousKey: PreviousKey?

    init(
        _ endpoint: EndpointDefinition,
        writer: EventWriter,
        transport: any Transport,
        secrets: SecretReader,
        wallClock: any WallClock,
        previousKey: PreviousKey? = nil
    ) {
        self.endpoint = endpoint
        self.writer = writer
        self.transport = transport
        self.secrets = secrets
        self.wallClock = wallClock
        self.previousKey = previousKey
    }

    /// It is signed anew each time, and its secrets are read anew.
    func carry(_ submissions: [Submission]) async -> Attempt {
        var request: TransportRequest?
        func shellLine() -> @Sendable () -> String {
            { [request, endpoint] in request.map { Self.curl($0, endpoint) } ?? "" }
        }
        do {
            let made = try makeRequest(try await writer.message(submissions))
            request = made
            let answer = try await follow(made)
            return Attempt(result(of: answer, to: made), answer: answer, shellLine: shellLine())
        } catch {
            return .trouble("\(error)", shellLine: shellLine())
        }
    }

    private func result(of answer: TransportAnswer, to request: TransportRequest) -> DeliveryResult {
        let text = String(decoding: answer.body.prefix(4 * Self.answerLength), as: UTF8.self)
        // The end of its last line says nothing.
        let words = String(text.reversed().drop(while: \.isWhitespace).reversed())
        let reply = Reply(status: answer.status, text: words.cut(to: Self.answerLength))
        let wait = answer.value(of: "retry-after").flatMap { retryAfter($0, now: wallClock.now) }
        let isThrottled = answer.status >= 400 && ThrottlingSigns(answer).areThere(beside: request.body)
        return AnswerTable(endpoint.answers).result(reply, retryAfter: wait, isThrottled: isThrottled)
    }

    private func makeRequest(_ message: EventMessage) throws -> TransportRequest {
        guard let url = endpoint.url else { throw TransportFailure("the endpoint has no URL") }
        let time = wallClock.now.milliseconds / 1000
        var headers = [
            TransportHeader(name: "content-type", value: message.contentType),
            TransportHeader(name: "user-agent", value: "reeve/\(writer.sender.version)"),
            TransportHeader(name: "webhook-id", value: message.id),
            TransportHeader(name: "webhook-timestamp", value: "\(time)"),
        ]
        headers += message.headers
        let signatures = try keys().map { try $0.signature(id: message.id, time: time, body: message.body) }
        if !signatures.isEmpty {
            headers.append(TransportHeader(name: "webhook-signature", value: signatures.joined(separator: " ")))
        }
        for (name, value) in (endpoint.headers ?? [:]).sorted(by: { $0.key < $1.key }) {
            let text = try secrets.value(of: value, for: "header \(name)")
            guard Self.isHeaderValue(text) else {
                throw TransportFailure("the value of header \(name) has control characters")
            }
            // Ours are refused when it is put; the type of what a template makes is in the message already.
            if name.lowercased() != "content-type" { headers.append(TransportHeader(name: name, value: text)) }
        }
        let timeout = endpoint.timeout?.duration ?? Self.defaultTimeout
        return TransportRequest(
            url: try secrets.value(of: url, for: "the URL"),
            headers: headers,
            body: message.body,
            timeout: timeout,
            authorities: try endpoint.tls.map { tls throws(TransportFailure) in try TLSAuthorities(tls.ca) }
        )
    }

    /// The endpoint's own key first, and that which it had before for as long as that is to hold.
    private func keys() throws -> [SigningKey] {
        var values = [endpoint.secret].compactMap(\.self)
        if let previousKey, previousKey.until > wallClock.now { values.append(previousKey.secret) }
        return try values.map { secret in
            guard let key = SigningKey(try secrets.value(of: secret, for: "the secret")) else {
                throw TransportFailure(
                    "the secret is neither whsec_ and base64 of 24 to 64 bytes nor whsk_ and an Ed25519 key"
                )
            }
            return key
        }
    }

    /// A line break would begin a header of somebody else's.
    static func isHeaderValue(_ text: String) -> Bool {
        !text.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }
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
            words += ["-H", ShellWord.quoted("\(header.name): \(value)")]
        }
        if let ca = definition.tls?.ca { words += ["--cacert", ShellWord.quoted(ca)] }
        words += ["--data-binary", ShellWord.quoted(String(decoding: request.body, as: UTF8.self))]
        if case .literal = definition.url { words += place(request.url) } else { words.append("URL") }
        return words.joined(separator: " ")
    }

    /// As curl(1) wants it: a socket is an option there.
    private static func place(_ url: String) -> [String] {
        guard let address = WebAddress(url), let socket = address.socketPath else { return [ShellWord.quoted(url)] }
        return ["--unix-socket", ShellWord.quoted(socket), ShellWord.quoted(address.onHost("localhost"))]
    }
}
