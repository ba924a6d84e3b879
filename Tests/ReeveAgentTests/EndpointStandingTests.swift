import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// Pausing, muting, keys and queues, through the whole agent.
struct EndpointStandingTests {
    private static func publish(_ agent: RunningAgent, _ numbers: ClosedRange<Int>, type: String = "order.paid")
        async throws
    {
        let events = numbers.map { JSON.object(["type": .string(type), "subject": "17", "data": .number(String($0))]) }
        try await agent.call("event.publish", ["events": .array(events)])
    }

    private static func endpoint(_ receiver: WebhookReceiver, _ more: JSONObject = [:]) -> JSON {
        var endpoint: JSONObject = [
            "name": "ops", "kind": "webhook", "url": .string(receiver.url), "filter": ["types": ["order.*"]],
        ]
        endpoint.members += more.members
        return ["endpoint": .object(endpoint)]
    }

    private static func flush(_ agent: RunningAgent) async throws {
        #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
    }

    private static func numbers(_ receiver: WebhookReceiver) -> [Int?] {
        receiver.records.map { $0.request.event?["data"]?.integer }
    }

    @Test func `what is recorded while an endpoint is muted is never sent, and counted`() async throws {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with { agent in
                try await agent.call("endpoint.put", Self.endpoint(receiver))
                try await Self.publish(agent, 1...1)
                let muted = try await agent.call("endpoint.mute", ["endpoint": "ops", "reason": "deployment"])
                #expect(muted[at: "muted", "reason"] == "deployment" && muted["paused"] == JSON.null)
                try await Self.publish(agent, 2...3)
                try await Self.flush(agent)
                let stand = try await agent.call("endpoint.get", ["endpoint": "ops"])
                #expect(stand["mutedChanges"] == 2 && stand[at: "muted", "by"]?.string == "uid:\(agent.uid)")
                let resumed = try await agent.call("endpoint.resume", ["endpoint": "ops"])
                #expect(resumed["muted"] == JSON.null)
                try await Self.publish(agent, 4...4)
                try await Self.flush(agent)
                #expect(Self.numbers(receiver) == [1, 4])
                let events = try await agent.call("event.list", ["type": "order.*"])["events"]?.array ?? []
                var states: [JSON?] = []
                for event in events {
                    let found = try await agent.call("event.get", ["event": event["id"] ?? nil])
                    states.append(found[at: "endpoints", "0", "state"])
                }
                #expect(states == ["delivered", "muted", "muted", "delivered"])
                let told = try await agent.call("event.list", ["type": "dev.reeve.endpoint.*"])["events"]?.array ?? []
                #expect(told.map { $0["type"] } == ["dev.reeve.endpoint.muted", "dev.reeve.endpoint.resumed"])
            }
        }
    }

    @Test func `a muting of before holds over a restart of the agent`() async throws {
        try await WebhookReceiver.running(decide: { _ in .status(503) }) { receiver in
            let folder = try TemporaryFolder()
            try await RunningAgent.with(folder: folder) { agent in
                try await agent.call(
                    "endpoint.put",
                    Self.endpoint(receiver, ["retry": ["delay": "1h", "maximum": "1h"]])
                )
                try await Self.publish(agent, 1...1)
                for await _ in receiver.requests { break }
                try await agent.call("endpoint.mute", ["endpoint": "ops"])
                try await Self.publish(agent, 2...2)
                try await agent.call("endpoint.resume", ["endpoint": "ops"])
                try await Self.publish(agent, 3...3)
            }
            receiver.answer { _ in .ok }
            let before = receiver.records.count
            try await RunningAgent.with(folder: folder) { agent in try await Self.flush(agent) }
            #expect(Self.numbers(receiver).dropFirst(before) == [1, 3])
        }
    }

    @Test func `a pause ends by itself, and what waited is sent then`() async throws {
        let wallClock = ManualWallClock()
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with(wallClock: wallClock) { agent in
                try await agent.call("endpoint.put", Self.endpoint(receiver))
                let paused = try await agent.call(
                    "endpoint.pause",
                    ["endpoint": "ops", "for": "2h", "reason": "moves"]
                )
                #expect(paused[at: "paused", "until"]?.string == (wallClock.now + .hours(2)).description)
                try await Self.publish(agent, 1...3)
                let flushed = try await agent.call("agent.flush", ["deadline": "1ms"])
                #expect(flushed["delivered"] == false && receiver.records.isEmpty)
                #expect(try await agent.call("endpoint.get", ["endpoint": "ops"])["state"] == "paused")
                wallClock.advance(by: .hours(2))
                for await request in receiver.requests where request.event?["data"]?.integer == 3 { break }
                #expect(Self.numbers(receiver) == [1, 2, 3])
                try await Self.flush(agent)
                #expect(try await agent.call("endpoint.get", ["endpoint": "ops"])["paused"] == JSON.null)
            }
        }
    }

    @Test func `a rotated key and the one before it sign both, until the time is over`() async throws {
        let wallClock = ManualWallClock()
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with(wallClock: wallClock) { agent in
                let put = try await agent.call("endpoint.put", Self.endpoint(receiver, ["secret": ["generate": true]]))
                let old = try #require(put["secret"]?.string)
                #expect(put[at: "endpoint", "secret"] == "…")
                let rotated = try await agent.call("endpoint.rotate", ["endpoint": "ops", "keepOld": "1h"])
                let new = try #require(rotated["secret"]?.string)
                #expect(old != new && rotated["previousUntil"]?.string == (wallClock.now + .hours(1)).description)
                try await Self.publish(agent, 1...1)
                try await Self.flush(agent)
                wallClock.advance(by: .hours(1))
                try await Self.publish(agent, 2...2)
                try await Self.flush(agent)
                let signed = receiver.records.map { record in [old, new].map { record.request.isSigned(with: $0) } }
                #expect(signed == [[true, true], [false, true]])
                // Neither is ever shown again.
                let shown = try await agent.call("endpoint.get", ["endpoint": "ops"]).text
                let listed = try await agent.call("endpoint.list").text
                for secret in [old, new] { #expect(!shown.contains(secret) && !listed.contains(secret)) }
            }
        }
    }

    @Test func `an Ed25519 key is made as a pair, of which only the public half is shown`() async throws {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with { agent in
                let put = try await agent.call(
                    "endpoint.put",
                    Self.endpoint(receiver, ["secret": ["generate": "ed25519"]])
                )
                let key = try #require(put["publicKey"]?.string)
                #expect(put["secret"] == nil)
                #expect(try await agent.call("endpoint.get", ["endpoint": "ops"])["publicKey"]?.string == key)
                let rotated = try await agent.call("endpoint.rotate", ["endpoint": "ops"])
                let next = try #require(rotated["publicKey"]?.string)
                #expect(next != key)
                try await Self.publish(agent, 1...1)
                try await Self.flush(agent)
                let request = try #require(receiver.records.first?.request)
                #expect(request.isSigned(withPairOf: key) && request.isSigned(withPairOf: next))
                let none = try await agent.call("endpoint.rotate", ["endpoint": "ops", "keepOld": "0s"])
                try await Self.publish(agent, 2...2)
                try await Self.flush(agent)
                let last = try #require(receiver.records.last?.request)
                #expect(last.isSigned(withPairOf: none["publicKey"]?.string ?? "") && !last.isSigned(withPairOf: next))
            }
        }
    }

    @Test func `a consumer fetches from a queue what its filter takes, and again until it commits`() async throws {
        try await RunningAgent.with { agent in
            let queue: JSON = ["name": "work", "kind": "queue", "filter": ["types": ["order.*"]]]
            try await agent.call("endpoint.put", ["endpoint": queue])
            try await Self.publish(agent, 1...3)
            try await Self.publish(agent, 4...4, type: "other")
            func fetch(_ more: JSONObject = [:]) async throws -> (numbers: [Int?], next: JSON) {
                var parameters: JSONObject = ["as": "work"]
                parameters.members += more.members
                let page = try await agent.call("event.list", .object(parameters))
                return (page["events"]?.array?.map { $0["data"]?.integer } ?? [], page["next"] ?? nil)
            }
            let two = try await fetch(["limit": 2])
            #expect(two.numbers == [1, 2])
            #expect(try await fetch().numbers == [1, 2, 3])
            // Read ahead, before anything is committed.
            #expect(try await fetch(["after": two.next]).numbers == [3])
            let committed = try await agent.call("endpoint.commit", ["endpoint": "work", "seq": two.next])
            #expect(committed["cursor"] == two.next)
            let rest = try await fetch()
            #expect(rest.numbers == [3])
            // It never goes back.
            #expect(try await agent.call("endpoint.commit", ["endpoint": "work", "seq": 0])["cursor"] == two.next)
            let done = try await agent.call("endpoint.commit", ["endpoint": "work", "seq": rest.next])
            #expect(done["pending"] == 0)
            let other = try await RPCClient.connect(unixSocket: agent.socketPath)
            async let waiting = other.call("event.list", ["as": "work", "wait": "60s"])
            try await Self.publish(agent, 5...5, type: "other")
            try await Self.publish(agent, 6...6)
            #expect(try await waiting["events"]?.array?.map { $0["data"]?.integer } == [6])
            await other.close()
            let stand = try await agent.call("endpoint.get", ["endpoint": "work"])
            #expect(stand["state"] == "active" && stand["pending"] == 1)
        }
    }

    @Test func `what a queue is not for is said`() async throws {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with { agent in
                try await agent.call("endpoint.put", Self.endpoint(receiver))
                try await agent.call("endpoint.put", ["endpoint": ["name": "work", "kind": "queue"]])
                let refused: [(String, JSON, String, String)] = [
                    ("event.list", ["as": "ops"], "invalidState", "/as"),
                    ("event.list", ["as": "none"], "notFound", "/as"),
                    ("event.list", ["as": "work", "type": "a"], "invalidParams", "/type"),
                    ("endpoint.commit", ["endpoint": "ops", "seq": 1], "invalidState", "/endpoint"),
                    ("endpoint.commit", ["endpoint": "work", "seq": 99_999], "invalidParams", "/seq"),
                    ("endpoint.test", ["endpoint": "work"], "invalidState", "/endpoint"),
                    ("endpoint.rotate", ["endpoint": "work"], "invalidState", "/endpoint"),
                    ("endpoint.mute", ["endpoint": "work", "for": "0s"], "invalidParams", "/for"),
                    ("endpoint.rotate", ["endpoint": "ops", "secret": "whsec_short"], "invalidParams", "/secret"),
                    ("endpoint.rotate", ["endpoint": "ops", "secret": "…"], "invalidParams", "/secret"),
                ]
                for (method, parameters, kind, path) in refused {
                    let failure = try await agent.failure(method, parameters)
                    #expect(failure?.kind == kind && failure?.data?["path"]?.string == path, "\(method): \(parameters)")
                }
            }
        }
    }
}
