import Glibc
import JSON
import ReeveLaunch
import ReeveProtocol
@testable import ReeveSubmitter
import TestSupport
import Testing

/// One attempt over a real connection to a real server.
struct WebhookCarrierTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private var submission: Submission {
        var journal = ModelJournal()
        let change = journal.append(.task("a"), "dev.reeve.run.failed")
        return Submission(lane: change.lane, changes: [change], attempt: 1)
    }

    private func deliver(
        _ decide: @escaping WebhookReceiver.Decision,
        clock: any Clock<Duration> = ContinuousClock(),
        _ configure: (inout EndpointDefinition, WebhookReceiver) async -> Void = { _, _ in }
    ) async throws -> (result: DeliveryResult, records: [WebhookReceiver.Record]) {
        try await WebhookReceiver.running(decide: decide) { receiver in
            var endpoint = EndpointDefinition(name: "ops", url: receiver.url)
            // Long enough for a machine that has much else to do.
            endpoint.timeout = .minutes(5)
            await configure(&endpoint, receiver)
            let transport = HTTPTransport(clock: clock, wallClock: ManualWallClock())
            let carrier = WebhookCarrier(
                endpoint,
                writer: EventWriter(endpoint, sender: EventSender(agent: "web-7", version: "1.2"), tails: nil),
                transport: transport,
                secrets: SecretReader(credentialsDirectory: nil),
                wallClock: ManualWallClock()
            )
            let result = await carrier.carry([submission]).result
            await transport.shutDown()
            return (result, receiver.records)
        }
    }

    @Test func `posts a signed CloudEvent`() async throws {
        let (result, records) = try await deliver({ _ in .status(200, body: "ok") }) { endpoint, _ in
            endpoint.secret = .literal(Self.secret)
            endpoint.headers = ["X-Team": .literal("data")]
        }
        #expect(result == .delivered(Reply(status: 200, text: "ok")))
        let request = try #require(records.first?.request)
        #expect(request.method == "POST")
        #expect(request.target == "/hook")
        #expect(request.values(of: "content-type") == ["application/cloudevents+json; charset=utf-8"])
        #expect(request.values(of: "user-agent") == ["reeve/1.2"])
        #expect(request.values(of: "x-team") == ["data"])
        #expect(request.values(of: "webhook-timestamp") == ["1795230000"])
        #expect(request.isSigned(with: Self.secret))
        #expect(!request.isSigned(with: "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
        #expect(request.changes == [.init(id: "change-10", sequence: 10)])
        #expect(request.event?["source"]?.string == "/agents/web-7")
    }

    @Test func `throttling in disguise is no refusal, but where the endpoint says so`() async throws {
        let throttled = #"{"__type":"InvalidParameterException","message":"Rate exceeded"}"#
        let reply = Reply(status: 400, text: throttled)
        #expect(try await deliver({ _ in .status(400, body: throttled) }).result == .trouble(reply, after: nil))
        let own = try await deliver({ _ in .status(400, body: throttled) }) { endpoint, _ in
            endpoint.answers = ["400": .deadLetter]
        }
        #expect(own.result == .refused(reply))
        let echo = try await deliver({ .status(400, body: "bad: " + String(decoding: $0.body, as: UTF8.self)) })
        guard case .refused = echo.result else {
            Issue.record("\(echo.result)")
            return
        }
    }

    @Test func `a redirect to the same origin is followed with method and body`() async throws {
        let (result, records) = try await deliver({ request in
            request.target == "/hook" ? .redirect(307, to: "/there") : .ok
        })
        #expect(result == .delivered(Reply(status: 200, text: "")))
        try #require(records.map(\.request.target) == ["/hook", "/there"])
        #expect(records[0].request.body == records[1].request.body)
        #expect(records[1].request.method == "POST")
    }

    @Test(arguments: [(302, "/there"), (307, "http://127.0.0.2:9/"), (308, "https://127.0.0.1/"), (303, "/there")])
    func `no other redirect is`(status: Int, location: String) async throws {
        let (result, records) = try await deliver({ _ in .redirect(status, to: location) })
        #expect(result == .refused(Reply(status: status, text: "")))
        #expect(records.count == 1)
    }

    @Test func `a redirect in a circle ends`() async throws {
        let (result, records) = try await deliver({ _ in .redirect(308, to: "/hook") })
        #expect(result == .refused(Reply(status: 308, text: "")))
        #expect(records.count == 4)
    }

    @Test func `Retry-After comes through`() async throws {
        let (result, _) = try await deliver({ _ in .status(503, retryAfter: "7") })
        #expect(result == .trouble(Reply(status: 503, text: ""), after: .seconds(7)))
    }

    @Test func `a receiver that hangs is given up at the deadline`() async throws {
        let (result, _) = try await deliver({ _ in .hang }) { endpoint, _ in endpoint.timeout = .milliseconds(50) }
        #expect(result == .trouble(Reply(status: nil, text: "no whole answer within 50ms"), after: nil))
    }

    @Test(.timeLimit(.minutes(5)))
    func `an answer that stops behind its head, or within its body, is given up at the deadline`() async throws {
        let held = HeldAnswers()
        for answer in [WebhookReceiver.Answer.stall(200), .drip(200) { await held.hold() }] {
            let clock = ManualClock()
            async let delivery = deliver({ _ in answer }, clock: clock)
            // From its head on the answer's time is measured by this clock.
            await clock.sleepers()
            clock.advanceToNext()
            let result = try await delivery.result
            #expect(result == .trouble(Reply(status: nil, text: "no whole answer within 5m"), after: nil))
        }
    }

    @Test func `of an answer without end the beginning is enough`() async throws {
        let (result, records) = try await deliver({ _ in .flood(200) })
        #expect(result == .delivered(Reply(status: 200, text: String(repeating: "x", count: 197) + "…")))
        #expect(records.map(\.status) == [200])
    }

    @Test func `a connection that is cut is the endpoint's trouble`() async throws {
        let text = "the connection was closed before the answer was whole"
        for answer in [WebhookReceiver.Answer.cut, .cutMidway(200)] {
            let (result, _) = try await deliver({ _ in answer })
            #expect(result == .trouble(Reply(status: nil, text: text), after: nil))
        }
        let (result, records) = try await deliver({ _ in .ok }) { _, receiver in receiver.cutConnections(1) }
        #expect(records.isEmpty)
        guard case .trouble(let reply, nil) = result, reply.status == nil else {
            Issue.record("\(result)")
            return
        }
    }

    @Test func `a receiver that is away is said to refuse`() async throws {
        let (result, _) = try await deliver({ _ in .ok }) { _, receiver in await receiver.goAway() }
        #expect(result == .trouble(Reply(status: nil, text: "cannot connect: Connection refused"), after: nil))
    }

    @Test func `of a long answer the beginning is kept`() async throws {
        let long = String(repeating: "é", count: 1_000_000)
        let (result, _) = try await deliver({ _ in .status(500, body: long) })
        #expect(result == .trouble(Reply(status: 500, text: String(repeating: "é", count: 98) + "…"), after: nil))
    }

    @Test func `values are read when they are used, and an unreadable one is the endpoint's trouble`() async throws {
        var template = Array("/tmp/reeve-value-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let text = Self.secret + "\n"
        #expect(write(descriptor, text, text.utf8.count) == text.utf8.count)
        close(descriptor)
        let (result, records) = try await deliver({ _ in .ok }) { endpoint, _ in endpoint.secret = .file(path) }
        #expect(result == .delivered(Reply(status: 200, text: "")))
        #expect(try #require(records.first).request.isSigned(with: Self.secret))
        let (missing, none) = try await deliver({ _ in .ok }) { endpoint, _ in
            endpoint.secret = .file("/nowhere/key")
        }
        let reason = "cannot read the secret from /nowhere/key: no such file or directory"
        #expect(missing == .trouble(Reply(status: nil, text: reason), after: nil))
        #expect(none.isEmpty)
    }

    @Test func `a header's value cannot begin another header`() async throws {
        let (result, records) = try await deliver({ _ in .ok }) { endpoint, _ in
            endpoint.headers = ["x-a": .literal("1\r\nx-b: 2")]
        }
        #expect(result.reply.text == "the value of header x-a has control characters")
        #expect(records.isEmpty)
    }
}

/// HTTP over a Unix socket, to a real server.
struct UnixSocketTests {
    @Test func `a webhook is posted over a Unix socket`() async throws {
        let fixture = try CarrierFixture()
        let path = fixture.path("hook.sock")
        try await WebhookReceiver.running(socketPath: path, decide: { _ in .status(202) }) { receiver in
            let transport = HTTPTransport(clock: ContinuousClock(), wallClock: ManualWallClock())
            var endpoint = EndpointDefinition(name: "ops", url: receiver.url)
            // Long enough for a machine that has much else to do.
            endpoint.timeout = .minutes(5)
            let attempt = await fixture.carrier(endpoint, transport: transport).carry([.of("a")])
            #expect(attempt.result == .delivered(Reply(status: 202, text: "")))
            try #require(receiver.records.map(\.request.target) == ["/hook"])
            #expect(receiver.records[0].request.changes.count == 1)
            #expect(attempt.shellLine().hasSuffix("--unix-socket '\(path)' 'http://localhost/hook'"))
            await receiver.goAway()
            let away = await fixture.carrier(endpoint, transport: transport).carry([.of("a")]).result
            // A connection that is kept may tell first that it is closed.
            #expect(away.reply.status == nil, "\(away)")
            await transport.shutDown()
        }
    }

    @Test func `a redirect over a Unix socket stays there`() async throws {
        let fixture = try CarrierFixture()
        let decide: WebhookReceiver.Decision = { request in
            request.target == "/hook" ? .redirect(307, to: "/there") : .ok
        }
        try await WebhookReceiver.running(socketPath: fixture.path("hook.sock"), decide: decide) { receiver in
            let transport = HTTPTransport(clock: ContinuousClock(), wallClock: ManualWallClock())
            let endpoint = EndpointDefinition(name: "ops", url: receiver.url)
            let result = await fixture.carrier(endpoint, transport: transport).carry([.of("a")]).result
            #expect(result == .delivered(Reply(status: 200, text: "")))
            #expect(receiver.records.map(\.request.target) == ["/hook", "/there"])
            await transport.shutDown()
        }
    }
}
