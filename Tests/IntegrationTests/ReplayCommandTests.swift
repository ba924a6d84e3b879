import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

/// What comes to an endpoint once more, and what it did not take: both real programs and a real receiver.
@Suite(.timeLimit(.minutes(5)))
struct ReplayCommandTests {
    /// Requests that came with a published event, as `PUBLISHER'S ID`, with a `!` where they say that they came before.
    private func events(_ receiver: WebhookReceiver, since count: Int = 0) -> [String] {
        receiver.records.dropFirst(count).map { record in
            let event = record.request.event
            return (event?["publisherid"]?.string ?? "?") + (event?["redelivered"] == true ? "!" : "")
        }
    }

    private func publish(_ daemon: Daemon, _ events: [(subject: String, id: String)]) async throws {
        let events = events.map {
            ["type": "order.paid", "subject": .string($0.subject), "id": .string($0.id)] as JSON
        }
        try await daemon.call("event.publish", ["events": .array(events)])
    }

    private func endpoint(_ receiver: WebhookReceiver, _ more: JSONObject = [:]) -> JSON {
        var endpoint = receiver.endpoint().object ?? [:]
        endpoint["filter"] = ["types": ["order.*"]]
        endpoint["inFlight"] = 1
        for member in more.members { endpoint[member.name] = member.value }
        return .object(endpoint)
    }

    private func flush(_ daemon: Daemon) async throws {
        #expect(try await daemon.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
    }

    @Test func `what was delivered is sent again: all, a lane, a part; also when the agent dies on the way`()
        async throws
    {
        try await WebhookReceiver.running { receiver in
            let estate = try Estate()
            try await estate.running { daemon in
                try await daemon.call("endpoint.put", ["endpoint": endpoint(receiver)])
                try await publish(daemon, [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4")])
                try await flush(daemon)
                #expect(events(receiver).sorted() == ["1", "2", "3", "4"])
                let ofLane = try await daemon.reeve("endpoint", "replay", "ops", "--lane", "event:a")
                #expect(ofLane.contains("2 changes"), "\(ofLane)")
                try await publish(daemon, [("a", "5")])
                try await flush(daemon)
                // What is new waits behind what is sent again.
                #expect(events(receiver, since: 4) == ["1!", "3!", "5"])
                let last = receiver.records[1].request.changes[0].sequence
                _ = try await daemon.reeve("endpoint", "replay", "ops", "--after", "0", "--through", "\(last)")
                try await flush(daemon)
                #expect(events(receiver, since: 7).sorted() == ["1!", "2!"])
                receiver.answer { _ in .status(503) }
                _ = try await daemon.reeve("endpoint", "replay", "ops")
                await daemon.killed()
            }
            let count = receiver.records.count
            receiver.answer { _ in .status(204) }
            try await estate.running { daemon in
                try await flush(daemon)
                #expect(Set(events(receiver, since: count)) == ["1!", "2!", "3!", "4!", "5!"])
                #expect(receiver.records.dropFirst(count).filter(\.isDelivered).count == 5)
                _ = try await daemon.reeve("endpoint", "add", "work", "--queue")
                let refused = try await daemon.failure(
                    "endpoint.replay",
                    ["endpoint": "work", "lane": "event:a", "through": 3]
                )
                #expect(refused?.data?["path"] == "/lane" && refused?.code == -32602)
                _ = try await daemon.reeve("endpoint", "replay", "work")
                let fetched = try await daemon.call("event.list", ["as": "work"])["events"]?.array ?? []
                #expect(fetched.filter { $0["type"] == "order.paid" }.count == 5)
                #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
            }
        }
    }

    @Test func `what is refused is a dead letter, and is shown, tried again and dropped`() async throws {
        let isBad: @Sendable (WebhookReceiver.Request) -> Bool = { request in
            request.event?["publisherid"]?.string.map { $0.hasPrefix("bad") } ?? false
        }
        try await WebhookReceiver.running(decide: { isBad($0) ? .status(422, body: "no such order") : .ok }) {
            receiver in
            let estate = try Estate()
            let once: JSONObject = ["retry": ["delay": "10ms", "limit": 1]]
            try await estate.running { daemon in
                try await daemon.call("endpoint.put", ["endpoint": endpoint(receiver, once)])
                try await publish(daemon, [("a", "bad1"), ("a", "2"), ("b", "bad3"), ("b", "bad4"), ("b", "5")])
                try await flush(daemon)
                #expect(events(receiver).filter { !$0.hasPrefix("bad") } == ["2", "5"])
                let rows = try await daemon.reeve("dead-letters", "ls").split(separator: "\n").map {
                    $0.split(separator: "\t").map(String.init)
                }
                #expect(rows.map(\.last) == Array(repeating: "422: no such order", count: 3))
                let ids = rows.compactMap(\.first)
                let shown = try await daemon.reeve("dead-letters", "show", try #require(ids.first))
                #expect(shown.contains("publisherid: bad1") && shown.contains("attempts: 1"), "\(shown)")
                #expect(try await daemon.reeve("dead-letters", "drop", ids[1]) == "1 dead letter is dropped\n")
                let again = try await daemon.reeve("dead-letters", "drop", ids[1], code: 1)
                #expect(again.contains("of 1 of the 1 named there is no dead letter"), "\(again)")
                await daemon.killed()
            }
            receiver.answer { _ in .ok }
            let count = receiver.records.count
            try await estate.running { daemon in
                let retried = try await daemon.reeve("dead-letters", "retry", "--endpoint", "ops", "--type", "*.paid")
                #expect(retried == "2 dead letters are tried again\n")
                try await flush(daemon)
                #expect(try await daemon.reeve("dead-letters", "ls") == "no dead letters\n")
                #expect(events(receiver, since: count).sorted() == ["bad1!", "bad4!"])
                #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
            }
        }
    }

    @Test func `a refusal that is throttling in disguise gives nothing up, unless the endpoint says that it does`()
        async throws
    {
        let throttled = #"{"__type":"InvalidParameterException","message":"Rate exceeded"}"#
        try await WebhookReceiver.running(decide: { $0.number < 4 ? .status(400, body: throttled) : .ok }) { receiver in
            let estate = try Estate()
            var more: JSONObject = ["retry": ["delay": "10ms", "limit": 1]]
            try await estate.running { daemon in
                try await daemon.call("endpoint.put", ["endpoint": endpoint(receiver, more)])
                try await publish(daemon, [("a", "1"), ("a", "2")])
                try await flush(daemon)
                #expect(events(receiver).suffix(2) == ["1", "2"] && receiver.records.count > 4)
                #expect(try await daemon.reeve("dead-letters", "ls") == "no dead letters\n")
                receiver.answer { _ in .status(400, body: throttled) }
                more["answers"] = ["400": "deadLetter"]
                try await daemon.call("endpoint.put", ["endpoint": endpoint(receiver, more)])
                try await publish(daemon, [("a", "3")])
                try await flush(daemon)
                #expect(try await daemon.reeve("dead-letters", "ls").contains("Rate exceeded"))
                #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
            }
        }
    }

    @Test func `a lane that is held waits for a person, and goes on without what is dropped`() async throws {
        let isBad: @Sendable (WebhookReceiver.Request) -> Bool = { $0.event?["publisherid"] == "bad" }
        try await WebhookReceiver.running(decide: { isBad($0) ? .status(400) : .ok }) { receiver in
            let estate = try Estate()
            let held: JSONObject = ["refused": "hold", "retry": ["delay": "10ms", "limit": 1]]
            try await estate.running { daemon in
                let client = try await daemon.connect()
                let changes = try await client.subscribe("event.subscribe", ["type": "dev.reeve.endpoint.refused"])
                try await daemon.call("endpoint.put", ["endpoint": endpoint(receiver, held)])
                try await publish(daemon, [("a", "bad"), ("a", "2"), ("b", "3")])
                for try await message in changes {
                    if case .item(_, _) = message { break }
                }
                await client.close()
                let listed = try await daemon.reeve("dead-letters", "ls")
                #expect(listed.contains("(held) 400"), "\(listed)")
                let id = String(listed.prefix { $0 != "\t" })
                #expect(try await daemon.reeve("dead-letters", "drop", id) == "1 dead letter is dropped\n")
                try await flush(daemon)
                #expect(Set(events(receiver)) == ["bad", "2", "3"])
                #expect(try await daemon.reeve("dead-letters", "ls") == "no dead letters\n")
                #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
            }
        }
    }
}
