import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ReeveAgent

/// One log over all of a service's processes.
struct ServiceLogTests {
    private func text(_ agent: RunningAgent, _ parameters: JSONObject = [:]) async throws -> String {
        var all: JSONObject = ["service": "web"]
        all.members += parameters.members
        return try await agent.call("service.logs", .object(all))["data"]?.string ?? ""
    }

    @Test func `it goes on over restarts, both streams told apart, and is followed without a gap`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/go")
            let line = "echo out; echo err >&2; read line < \(fifo.path); echo $line; exit 1"
            try await agent.putService("web", shell: line, ["restart": ["delay": "1ms"]])
            let subscription = try await agent.client.subscribe("service.follow", ["service": "web"])
            var seen = ""
            var rounds = 0
            for try await message in subscription {
                guard case .item(let item, _) = message else { break }
                seen += item["data"]?.string ?? ""
                if seen.hasSuffix("out\nerr\n") || seen.hasSuffix("err\nout\n"), rounds < 3 {
                    rounds += 1
                    try await fifo.write("go \(rounds)")
                }
                if rounds == 3, seen.contains("go 3") { break }
            }
            for round in 1...3 { #expect(seen.contains("go \(round)\n")) }
            #expect(try await text(agent, ["stream": "stderr"]).hasPrefix("err\nerr\nerr\n"))
            #expect(try await text(agent, ["tail": 3]).count == 3)
            let first = try await agent.call("service.logs", ["service": "web", "limit": 2])
            let rest = try await text(agent, ["after": first["next"] ?? nil])
            #expect(seen.hasPrefix((first["data"]?.string ?? "") + rest.prefix(20)))
        }
    }

    @Test func `it is followed from where a reader stopped, over restarts and without a gap`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/go")
            let line = "echo one; echo two; read line < \(fifo.path); echo $line; exit 1"
            try await agent.putService("web", shell: line, ["restart": ["delay": "1ms"], "ready": ["log": "two"]])
            try await agent.reached("web")
            let first = try await agent.call("service.logs", ["service": "web", "limit": 4])
            #expect(first["data"] == "one\n")
            let after = try #require(first["next"])
            let subscription = try await agent.client.subscribe("service.follow", ["service": "web", "after": after])
            try await fifo.write("three")
            var seen = ""
            for try await message in subscription {
                guard case .item(let item, _) = message else { break }
                seen += item["data"]?.string ?? ""
                if seen.count >= 18 { break }
            }
            #expect(seen == "two\nthree\none\ntwo\n")
        }
    }

    @Test func `who follows is told when the service is removed`() async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "echo up; exec sleep 1000")
            try await agent.reached("web")
            let subscription = try await agent.client.subscribe("service.follow", ["service": "web"])
            for try await message in subscription {
                switch message {
                case .item: try await agent.call("service.remove", ["service": "web"])
                case .end(let cause, _): #expect(cause == "removed")
                }
            }
            #expect(try await agent.failure("service.logs", ["service": "web"])?.kind == "notFound")
        }
    }

    @Test func `a long poll waits for what is written, also by the next process`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/go")
            try await agent.putService(
                "web",
                shell: "read line < \(fifo.path); echo $line; exit 1",
                ["restart": ["delay": "1ms"]]
            )
            try await agent.reached("web")
            async let first = text(agent, ["wait": "60s"])
            try await fifo.write("one")
            #expect(try await first == "one\n")
            try await fifo.write("two")
            _ = try await agent.serviceEvent("web", "started") { $0[at: "data", "starts"] == 3 }
            #expect(try await text(agent) == "one\ntwo\n")
        }
    }

    @Test func `two million lines' worth without a newline, and an output that is closed, do no harm`() async throws {
        try await RunningAgent.with { agent in
            let fifo = try Fifo(agent.folder.path + "/go")
            let line = """
                head -c 40000000 /dev/zero | tr '\\0' x; exec >&- 2>&-; read line < \(fifo.path); exit 0
                """
            let more: JSONObject = ["log": ["size": "1MiB"], "restart": "never", "ready": ["log": "never there"]]
            try await agent.putService("web", shell: line, more)
            // It lives on while everything it wrote has been taken.
            try await fifo.write()
            let exited = try await agent.serviceEvent("web", "exited")
            #expect(exited[at: "data", "reason"] == "exited with 0 before it was ready")
            let page = try await agent.call("service.logs", ["service": "web", "limit": 10])
            #expect(page["data"] == "xxxxxxxxxx")
            #expect((page["dropped"]?.integer ?? 0) > 38_000_000)
            var file = stat()
            #expect(stat(agent.folder.path + "/state/services/web.log", &file) == 0 && file.st_size <= (1 << 20) + 4096)
        }
    }

    @Test(
        arguments: [
            (["service": "web", "after": "x"], "/after"), (["service": "web", "limit": 0], "/limit"),
            (["service": "web", "tail": 2_000_000], "/tail"), (["service": "web", "stream": "both"], "/stream"),
        ] as [(JSON, String)]
    )
    func `bad parameters are named`(parameters: JSON, path: String) async throws {
        try await RunningAgent.with { agent in
            try await agent.putService("web", shell: "exec sleep 1000")
            let failure = try await agent.failure("service.logs", parameters)
            #expect(failure?.code == -32602 && failure?.data?["path"] == .string(path))
        }
    }
}
