import JSON
import JSONRPC
import ReeveEngine
import TestSupport
import Testing

@testable import ReeveAgent

/// Whoever waits when the store restarts is told so, and can go on without missing anything.
struct InterruptionTests {
    @Test func `a subscription ends with the position from which another misses nothing`() async throws {
        try await RunningAgent.with { agent in
            func publish(_ id: Int) async throws {
                let event: JSON = ["type": "a", "subject": "s", "id": .string("\(id)")]
                _ = try await agent.callWhenBack("event.publish", ["events": [event]])
            }
            var position: JSON = 0
            var seen: [String?] = []
            for round in 0..<3 {
                try await agent.agent.engine.started(Set(Readiness.parts))
                let parameters: JSON = ["after": position, "lane": "event:s"]
                let subscription = try await agent.client.subscribe("event.subscribe", parameters)
                try await publish(2 * round)
                for try await message in subscription {
                    switch message {
                    case .item(let event, _):
                        seen.append(event["publisherid"]?.string)
                        // The other one of this round comes while nobody listens.
                        if seen.last == "\(2 * round)" { try await agent.call("engine.restart", ["name": "store"]) }
                    case .end(let cause, let next):
                        #expect(cause == "stopping")
                        position = try #require(next)
                    }
                }
                try await publish(2 * round + 1)
            }
            let rest = try await agent.callWhenBack("event.list", ["after": position, "lane": "event:s"])
            seen += rest["events"]?.array?.map { $0["publisherid"]?.string } ?? []
            #expect(seen == (0..<6).map(String.init))
        }
    }

    @Test func `who waits for a run is told to ask again, and gets its end then`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "read line < \(fifo.path)")
            try await agent.call("task.run", ["task": "job"])
            let connection = try RawConnection(agent.socketPath)
            try connection.send(#"{"jsonrpc":"2.0","id":1,"method":"run.wait","params":{"run":"job/1"}}"# + "\n")
            try connection.send(#"{"jsonrpc":"2.0","id":2,"method":"run.get","params":{"run":"job/1"}}"# + "\n")
            // The answer to the later request shows that the wait has begun.
            #expect(try await connection.answer()?["id"] == 2)
            try await agent.call("engine.restart", ["name": "store"])
            let failure = try #require(try await connection.answer()?["error"])
            #expect(failure["code"] == 5 && failure[at: "data", "retryAfter"] == "1s")
            async let end = agent.callWhenBack("run.wait", ["run": "job/1"])
            try await fifo.write()
            #expect(try await end[at: "run", "outcome"] == "succeeded")
        }
    }

    @Test func `who waits for output goes on with the same process`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/wait")
            try await agent.put("job", shell: "echo before; read line < \(fifo.path); echo after")
            try await agent.call("task.run", ["task": "job"])
            var position: JSON?
            var text = ""
            while true {
                var parameters: JSONObject = ["run": "job/1", "wait": "60s"]
                parameters["after"] = position
                let page = try await agent.callWhenBack("run.output", .object(parameters))
                text += page["data"]?.string ?? ""
                position = page["next"]
                if page["end"] == true { break }
                guard text == "before\n", page["data"] == "before\n" else { continue }
                try await agent.call("engine.restart", ["name": "store"])
                try await fifo.write()
            }
            #expect(text == "before\nafter\n")
        }
    }
}
