import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ReeveAgent

/// The journal, as clients write and read it.
struct EventTests {
    private static func event(_ id: String?, _ total: Int = 1, subject: String = "order-17") -> JSON {
        var event: JSONObject = ["type": "com.example.order.placed", "subject": .string(subject)]
        event["id"] = id.map(JSON.string)
        event["data"] = ["total": .number(String(total)), "currency": "EUR"]
        return .object(event)
    }

    @Test func `what is published twice is there once, and other content is a conflict`() async throws {
        try await RunningAgent.with { agent in
            let first = try await agent.call("event.publish", ["events": [Self.event("o-17")]])
            #expect(first[at: "events", "0", "duplicate"] == false)
            let again = try await agent.call("event.publish", ["events": [Self.event("o-17")]])
            #expect(again[at: "events", "0", "duplicate"] == true)
            #expect(again[at: "events", "0", "seq"] == first[at: "events", "0", "seq"])
            #expect(again[at: "events", "0", "id"] == first[at: "events", "0", "id"])
            let batch: JSON = [Self.event("o-18"), Self.event("o-17", 2)]
            let conflict = try #require(try await agent.failure("event.publish", ["events": batch]))
            #expect(conflict.kind == "conflict" && conflict.code == 2)
            #expect(conflict.data?["path"] == "/events/1")
            // All or none.
            let listed = try await agent.call("event.list", ["type": "com.example.order.placed"])["events"]?.array
            #expect(listed?.map { $0["publisherid"] } == ["o-17"])
            #expect(listed?.first?["source"]?.string?.hasSuffix("/users/\(agent.uid)") == true)
        }
    }

    @Test func `a list waits for what it asks for, and no longer than told`() async throws {
        try await RunningAgent.with { agent in
            let head = try await agent.call("event.list")["next"] ?? nil
            let empty = try await agent.call("event.list", ["after": head, "wait": "1ms"])
            #expect(empty["events"] == [] && empty["next"] == head)
            let other = try await RPCClient.connect(unixSocket: agent.socketPath)
            async let waiting = other.call("event.list", ["after": head, "lane": "event:order-17", "wait": "60s"])
            // One that it does not ask for does not end its wait.
            try await agent.call("event.publish", ["events": [Self.event(nil, subject: "order-16")]])
            try await agent.call("event.publish", ["events": [Self.event(nil)]])
            let page = try await waiting
            #expect(page["events"]?.array?.map { $0["subject"] } == ["order-17"])
            await other.close()
        }
    }

    @Test func `a subscription goes on from a position, and ends when it is told to`() async throws {
        try await RunningAgent.with { agent in
            let receipts = try await agent.call(
                "event.publish",
                ["events": .array((1...5).map { Self.event("o-\($0)", $0) })]
            )
            let numbers = receipts["events"]?.array?.compactMap { $0["seq"]?.integer } ?? []
            let parameters: JSON = ["after": .number(String(numbers[1])), "lane": "event:order-17"]
            let subscription = try await agent.client.subscribe("event.subscribe", parameters)
            var seen: [JSON?] = []
            var end: (String, JSON?)?
            for try await message in subscription {
                switch message {
                case .item(let event, let next):
                    #expect(next?.integer == event["sequence"]?.string.flatMap { Int($0) })
                    seen.append(event["publisherid"])
                    if seen.count == 3 { try await agent.call("event.publish", ["events": [Self.event("o-6")]]) }
                    if seen.count == 4 {
                        try await agent.call("subscription.cancel", ["subscription": .string(subscription.id)])
                    }
                case .end(let cause, let next): end = (cause, next)
                }
            }
            #expect(seen == ["o-3", "o-4", "o-5", "o-6"])
            #expect(end?.0 == "canceled")
            let again: JSON = ["subscription": .string(subscription.id)]
            #expect(try await agent.failure("subscription.cancel", again)?.kind == "notFound")
        }
    }

    @Test func `a change tells how its delivery stands`() async throws {
        try await WebhookReceiver.running(decide: { _ in .status(500, body: "not today") }) { receiver in
            try await RunningAgent.with { agent in
                let endpoint: JSON = [
                    "name": "ops", "kind": "webhook", "url": .string(receiver.url), "retry": ["delay": "1h"],
                    "filter": ["types": ["com.example.*"]],
                ]
                try await agent.call("endpoint.put", ["endpoint": endpoint])
                let receipt = try await agent.call("event.publish", ["events": [Self.event("o-17")]])
                for await _ in receiver.requests { break }
                let flushed = try await agent.call("agent.flush", ["deadline": "10ms"])
                #expect(flushed["delivered"] == false && flushed[at: "endpoints", "0", "pending"] == 1)
                let id = receipt[at: "events", "0", "id"] ?? nil
                let pending = try await agent.call("event.get", ["event": id])
                #expect(pending[at: "event", "id"] == id)
                #expect(pending[at: "endpoints", "0", "endpoint"] == "ops")
                #expect(["pending", "inFlight"].contains(pending[at: "endpoints", "0", "state"]))
                receiver.answer { _ in .ok }
                // A put is a reason to try again at once.
                var better = endpoint.object ?? JSONObject()
                better["retry"] = ["delay": "1ms"]
                try await agent.call("endpoint.put", ["endpoint": .object(better)])
                #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                let delivered = try await agent.call("event.get", ["event": id])
                #expect(delivered[at: "endpoints", "0", "state"] == "delivered")
            }
        }
    }
}
