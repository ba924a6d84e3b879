import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ReeveAgent

/// Requests of one connection take effect in the order in which they were sent, though nobody waits for the answers.
struct OrderTests {
    @Test func `a read sees every change that was asked for before it`() async throws {
        try await RunningAgent.with { agent in
            let connection = try RawConnection(agent.socketPath)
            var requests = ""
            for number in 1...30 {
                let change = #"{"type":"a","subject":"s","id":"\#(number)"}"#
                requests +=
                    #"{"jsonrpc":"2.0","id":\#(number),"method":"event.publish","params":{"events":[\#(change)]}}"#
                requests += "\n"
            }
            requests += #"{"jsonrpc":"2.0","id":31,"method":"event.list","params":{"lane":"event:s"}}"# + "\n"
            try connection.send(requests)
            var answers: [Int: JSON] = [:]
            while answers.count < 31 {
                let answer = try #require(try await connection.answer())
                answers[try #require(answer["id"]?.integer)] = answer["result"]
            }
            let numbers = (1...30).map { answers[$0]?[at: "events", "0", "seq"]?.integer ?? 0 }
            #expect(numbers == numbers.sorted() && Set(numbers).count == 30)
            #expect(answers[31]?["events"]?.array?.map { $0["publisherid"]?.string } == (1...30).map(String.init))
        }
    }

    @Test func `a task can be put, run and asked for in one breath`() async throws {
        try await RunningAgent.with { agent in
            let connection = try RawConnection(agent.socketPath)
            let task = #"{"id":"job","command":["/bin/sh","-c","exit 0"]}"#
            let calls = [
                ("task.put", #"{"task":\#(task)}"#), ("task.run", #"{"task":"job"}"#),
                ("run.wait", #"{"run":"job/1","deadline":"60s"}"#), ("task.get", #"{"task":"job"}"#),
                ("task.get", #"{"task":"jab"}"#),
            ]
            let requests = calls.enumerated().map { index, call in
                #"{"jsonrpc":"2.0","id":\#(index),"method":"\#(call.0)","params":\#(call.1)}"#
            }
            // A batch too is worked on in its order, and answered as a whole.
            try connection.send("[" + requests.joined(separator: ",") + "]\n")
            let answers = try #require(try await connection.answer()?.array)
            let byID = Dictionary(uniqueKeysWithValues: answers.map { ($0["id"]?.integer ?? -1, $0) })
            #expect(byID[0]?[at: "result", "created"] == true)
            #expect(byID[1]?[at: "result", "number"] == 1)
            #expect(byID[2]?[at: "result", "run", "outcome"] == "succeeded")
            #expect(byID[3]?[at: "result", "task", "id"] == "job")
            #expect(byID[4]?[at: "error", "data", "kind"] == "notFound")
        }
    }

    @Test func `an endpoint begins where it is told to`() async throws {
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with { agent in
                let events: JSON = .array((1...4).map { ["type": "a", "id": .string("\($0)")] })
                let receipts = try await agent.call("event.publish", ["events": events])
                let numbers = (receipts["events"]?.array ?? []).compactMap { $0["seq"]?.integer }
                for (name, from, earlier) in [
                    ("now", JSON?.none, numbers[3]), ("oldest", "oldest", 0),
                    ("third", .string("\(numbers[1])"), numbers[1]),
                ] {
                    var endpoint: JSONObject = [
                        "name": .string(name), "kind": "webhook", "url": .string(receiver.url + name),
                    ]
                    endpoint["from"] = from
                    let put = try await agent.call("endpoint.put", ["endpoint": .object(endpoint)])
                    #expect(put["earlier"]?.integer == earlier, "\(name)")
                    #expect(put["endpoint"]?["from"] == nil)
                }
                // What was put is taken account of at once.
                #expect(try await agent.call("agent.flush", ["deadline": "60s"])["delivered"] == true)
                let ids = Dictionary(grouping: receiver.records.filter { $0.request.type == "a" }, by: \.request.target)
                    .mapValues { $0.compactMap { $0.request.event?["publisherid"]?.string }.sorted() }
                #expect(ids == ["/hookoldest": ["1", "2", "3", "4"], "/hookthird": ["3", "4"]])
            }
        }
    }
}
