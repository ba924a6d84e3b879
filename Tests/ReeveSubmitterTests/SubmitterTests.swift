import JSON
import ReeveProtocol
import ReeveStore
import ReeveSubmitter
import TestSupport
import Testing

struct SubmitterTests {
    @Test func `delivers what is published, in order, and writes down how far it came`() async throws {
        try await SubmitterHarness.running { harness in
            try await harness.put("ops")
            let transport = FakeTransport()
            try await harness.submitting(over: transport) { submitter in
                let changes = try await harness.publish("a", 1...3)
                let report = try await submitter.flush(deadline: .seconds(60))
                #expect(report.delivered)
                #expect(report.endpoints.map(\.pending) == [0])
                var requests = transport.requests.makeAsyncIterator()
                for change in changes {
                    let request = try #require(await requests.next())
                    #expect(request.event?["id"]?.string == change.id)
                    #expect(request.event?["sequence"]?.string == sequenceText(change.sequence))
                }
                #expect(submitter.status().map(\.overview.counts.delivered) == [3])
            }
            #expect(try await harness.endpoint("ops")?.cursor == 3)
        }
    }

    @Test func `what was under way at the end comes again with the same id, and nothing else does`() async throws {
        try await SubmitterHarness.running { harness in
            try await harness.put("ops")
            let changes = try await harness.publish("a", 1...2)
            let first = FakeTransport {
                if $0.number == 2 { return try await FakeTransport.hang($0) }
                return TransportAnswer(status: 200)
            }
            try await harness.submitting(over: first) { _ in
                var requests = first.requests.makeAsyncIterator()
                _ = await requests.next()
                #expect(await requests.next()?.number == 2)
            }
            #expect(try await harness.endpoint("ops")?.cursor == changes[0].sequence)
            let second = FakeTransport()
            try await harness.submitting(over: second) { submitter in
                let report = try await submitter.flush(deadline: .seconds(60))
                #expect(report.delivered)
            }
            var requests = second.requests.makeAsyncIterator()
            #expect(await requests.next()?.event?["id"]?.string == changes[1].id)
            #expect(await requests.next() == nil)
        }
    }

    @Test func `cancellation ends it like a stop`() async throws {
        try await SubmitterHarness.running { harness in
            try await harness.put("ops")
            let transport = FakeTransport {
                $0.number == 2 ? try await FakeTransport.hang($0) : TransportAnswer(status: 200)
            }
            let changes = try await harness.publish("a", 1...2)
            let submitter = harness.makeSubmitter(transport)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await submitter.run() }
                var requests = transport.requests.makeAsyncIterator()
                _ = await requests.next()
                _ = await requests.next()
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(try await harness.endpoint("ops")?.cursor == changes[0].sequence)
        }
    }

    @Test func `a flush says what is left at its deadline`() async throws {
        try await SubmitterHarness.running { harness in
            try await harness.put("dead")
            try await harness.put("good")
            let transport = FakeTransport { request in
                guard request.url.contains("dead") else { return TransportAnswer(status: 200) }
                return try await FakeTransport.hang(request)
            }
            try await harness.put("dead", url: "http://dead/")
            try await harness.submitting(over: transport) { submitter in
                let changes = try await harness.publish("a", 1...3)
                async let report = submitter.flush(deadline: .seconds(5))
                // Both endpoints have the first, and the good one goes on by itself.
                var requests = transport.requests.makeAsyncIterator()
                for _ in 1...4 { _ = await requests.next() }
                await harness.clock.sleepers()
                harness.clock.advance(by: .seconds(5))
                let isDelivered = try await report.delivered
                let endpoints = try await report.endpoints
                #expect(endpoints.first { $0.name == "dead" }?.pending == 3)
                #expect(endpoints.first { $0.name == "dead" }?.oldest == changes[0].content.time)
                #expect(!isDelivered)
            }
        }
    }

    @Test func `endpoints are put, changed and removed while it runs`() async throws {
        try await SubmitterHarness.running { harness in
            let transport = FakeTransport { request in
                request.url.hasSuffix("/old") ? try await FakeTransport.hang(request) : TransportAnswer(status: 200)
            }
            try await harness.submitting(over: transport) { submitter in
                var requests = transport.requests.makeAsyncIterator()
                try await harness.put("ops", url: "http://model/old")
                try await harness.publish("a", 1...1)
                #expect(await requests.next()?.url == "http://model/old")
                // The request under way goes on; what follows takes the new way.
                try await harness.put("ops", url: "http://model/new")
                try await harness.publish("b", 2...2)
                #expect(await requests.next()?.number == 2)
                _ = try await harness.store.write { try $0.removeEndpoint("ops") }
                try await harness.put("next", url: "http://model/next")
                try await harness.publish("a", 3...3)
                let request = await requests.next()
                #expect(request?.url == "http://model/next")
                #expect(request?.number == 3)
            }
        }
    }

    @Test func `endpoints whose requests hang leave places for the others, and all keep to the limit`() async throws {
        try await SubmitterHarness.running { harness in
            for name in ["bad", "worse", "good"] {
                try await harness.put(name, url: "http://\(name)/hook") { $0.inFlight = 100 }
            }
            var limits = SubmitterLimits()
            limits.requests = 8
            let transport = FakeTransport {
                $0.url.contains("good") ? TransportAnswer(status: 200) : try await FakeTransport.hang($0)
            }
            try await harness.submitting(over: transport, limits: limits) { submitter in
                for subject in 0..<40 { try await harness.publish("\(subject)", 1...2) }
                var requests: [String: Int] = [:]
                for await request in transport.requests {
                    requests[request.url, default: 0] += 1
                    if requests["http://good/hook"] == 80 { break }
                }
                let hanging = requests.filter { $0.key != "http://good/hook" }.values
                #expect(hanging.count == 2 && hanging.reduce(0, +) <= 7, "\(requests)")
                let situation = await submitter.situation(of: "bad")
                #expect((situation?.waitingForPlace ?? 0) >= 33, "\(String(describing: situation))")
            }
        }
    }

    @Test func `an endpoint that is gone is paused for good, and that is told to the others`() async throws {
        try await SubmitterHarness.running { harness in
            try await harness.put("ops")
            let transport = FakeTransport { _ in TransportAnswer(status: 410, body: Array("gone".utf8)) }
            try await harness.submitting(over: transport) { submitter in
                try await harness.publish("a", 1...1)
                for await _ in harness.store.signals.changes(.journal) where harness.store.head >= 2 { break }
                #expect(submitter.status().map(\.overview.state) == [.paused])
            }
            #expect(try await harness.endpoint("ops")?.pause?.reason == "410: gone")
            #expect(try await harness.agentChanges() == ["dev.reeve.endpoint.paused"])
        }
    }

    @Test func `an endpoint that is down is told once, and once more when it is back`() async throws {
        try await SubmitterHarness.running { harness in
            try await harness.put("ops")
            let transport = FakeTransport { _ in TransportAnswer(status: 500) }
            try await harness.submitting(over: transport) { submitter in
                for number in 1...5 { try await harness.publish("lane\(number)", number...number) }
                for await _ in harness.store.signals.changes(.journal) where harness.store.head >= 6 { break }
                transport.answer { _ in TransportAnswer(status: 200) }
                await harness.clock.sleepers()
                harness.clock.advance(by: .seconds(60))
                for await _ in harness.store.signals.changes(.journal) where harness.store.head >= 7 { break }
                #expect(try await submitter.flush(deadline: .seconds(60)).delivered)
            }
            #expect(try await harness.agentChanges() == ["dev.reeve.endpoint.opened", "dev.reeve.endpoint.closed"])
            let identity = try #require(try await harness.store.endpoints().first).identity
            #expect(try await !harness.store.isDown(identity))
            #expect(try await harness.endpoint("ops")?.cursor == 7)
        }
    }

    @Test func `two endpoints that refuse everything are told of once, and come to rest`() async throws {
        try await SubmitterHarness.running { harness in
            for name in ["one", "two"] { try await harness.put(name) { $0.retry = RetryDefinition(limit: 1) } }
            let transport = FakeTransport { _ in TransportAnswer(status: 400) }
            try await harness.submitting(over: transport) { submitter in
                try await harness.publish("a", 1...1)
                for await _ in harness.store.signals.changes(.journal) where harness.store.head >= 3 { break }
                #expect(try await submitter.flush(deadline: .seconds(60)).delivered)
                // Nothing waits for the minute after which more of it would be told.
                #expect(harness.clock.untilNext == nil)
                #expect(submitter.status().map(\.overview.counts.dead) == [2, 2])
            }
            #expect(try await harness.agentChanges() == ["dev.reeve.endpoint.refused", "dev.reeve.endpoint.refused"])
            #expect(try await harness.store.read { try $0.deadLetterCount(of: "one") } == 2)
        }
    }

    @Test func `says of each change how its delivery stands`() async throws {
        try await SubmitterHarness.running { harness in
            try await harness.publish("a", 1...1)
            try await harness.put("ops") {
                $0.filter = EventFilter(types: ["order.*"])
                $0.retry = RetryDefinition(limit: 1)
            }
            let transport = FakeTransport { request in
                switch request.number {
                case 2: TransportAnswer(status: 200)
                case 3: TransportAnswer(status: 400)
                case 4: TransportAnswer(status: 503, body: Array("busy".utf8))
                default: try await FakeTransport.hang(request)
                }
            }
            let before = try await harness.store.read { try $0.change(sequence: 1) }
            try await harness.submitting(over: transport) { submitter in
                let delivered = try await harness.publish("b", 2...2)[0]
                let dead = try await harness.publish("c", 3...3)[0]
                let waiting = try await harness.publish("d", 4...4)[0]
                let filtered = try await harness.publish("e", type: "other", 5...5)[0]
                let inFlight = try await harness.publish("f", 6...6)[0]
                var requests = transport.requests.makeAsyncIterator()
                for _ in 1...4 { _ = await requests.next() }
                // The retry of the fourth is the only thing that waits for time.
                await harness.clock.sleepers()
                for await _ in harness.store.signals.changes(.deliveries) {
                    if try await harness.endpoint("ops")?.cursor == dead.sequence { break }
                }
                func delivery(_ change: StateChange) async throws -> ChangeDelivery? {
                    try await submitter.deliveries(of: change).first
                }
                #expect(try await delivery(try #require(before)) == nil)
                #expect(try await delivery(delivered)?.state == .delivered)
                #expect(try await delivery(dead)?.state == .dead)
                #expect(try await delivery(filtered)?.state == .filtered)
                #expect(try await delivery(inFlight)?.state == .inFlight)
                let pending = try #require(try await delivery(waiting))
                #expect(pending.state == .pending)
                #expect(pending.attempts == 1)
                #expect(pending.lastAnswer == "503: busy")
                #expect(try #require(pending.nextTry) > harness.wallClock.now)
            }
        }
    }

    @Test func `a test event goes at once, beside the journal, and shows no secret`() async throws {
        try await SubmitterHarness.running { harness in
            try await harness.put("ops") {
                $0.filter = EventFilter(types: ["order.*"])
                $0.headers = ["authorization": .literal("Bearer hidden")]
            }
            let transport = FakeTransport { _ in TransportAnswer(status: 202, body: Array("thanks".utf8)) }
            try await harness.submitting(over: transport) { submitter in
                let test = try #require(await submitter.test(endpoint: "ops"))
                #expect(test.delivered && test.filtered)
                #expect(test.status == 202)
                #expect(test.body == "thanks")
                #expect(test.curl.contains("curl -X POST"))
                #expect(test.curl.contains("'webhook-id: "))
                #expect(!test.curl.contains("hidden"))
                let onSocket = EndpointDefinition(name: "s", url: "https+unix://%2Frun%2Fa.sock/hook")
                let line = await submitter.test(onSocket).curl
                #expect(line.hasSuffix("--unix-socket '/run/a.sock' 'https://localhost/hook'"), "\(line)")
                #expect(await submitter.test(endpoint: "other") == nil)
                let definition = EndpointDefinition(name: "new", url: "http://model/new")
                #expect(await submitter.test(definition, type: "order.paid").filtered == false)
                var requests = transport.requests.makeAsyncIterator()
                let request = try #require(await requests.next())
                #expect(request.event?["type"]?.string == "dev.reeve.endpoint.test")
                #expect(request.headers.contains(TransportHeader(name: "authorization", value: "Bearer hidden")))
            }
            #expect(harness.store.head == 0)
        }
    }
}
