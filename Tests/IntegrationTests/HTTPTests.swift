import Glibc
import JSON
import TestSupport
import Testing

/// The agent's socket as curl speaks to it.
@Suite(.timeLimit(.minutes(5)), .enabled(if: access("/usr/bin/curl", X_OK) == 0, "needs the curl command"))
struct HTTPTests {
    private struct Response: Equatable {
        var status: String
        var body: String
    }

    private func curl(_ arguments: String, of daemon: Daemon) async throws -> Response {
        let socket = daemon.estate.socketPath
        let said = try await daemon.shell(
            "curl --silent --show-error --unix-socket \(socket) --output body --write-out '%{http_code}' \(arguments)"
        )
        return Response(status: said, body: try readFile(daemon.estate.folder.path + "/body"))
    }

    @Test func `methods and pages are had with curl`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            let message = #"'{"jsonrpc":"2.0","id":7,"method":"agent.whoami"}'"#
            let called = try await curl("http://reeve/rpc --data \(message)", of: daemon)
            let answer = try JSON(parsing: called.body)
            #expect(called.status == "200" && answer["id"] == 7)
            #expect(answer[at: "result", "uid"]?.integer == Int(getuid()))
            // As long as a message may be, so that curl asks whether it may come; and what comes is waited for.
            let events = (1...100).map { number -> JSON in
                ["type": "order.paid", "data": .string(String(repeating: "x", count: 30_000 + number))]
            }
            let publish: JSON = [
                "jsonrpc": "2.0", "id": 1, "method": "event.publish", "params": ["events": .array(events)],
            ]
            try writeFile(estate.folder.path + "/publish", publish.text)
            let published = try await curl("http://reeve/rpc --data @publish", of: daemon)
            #expect(try JSON(parsing: published.body)[at: "result", "events"]?.array?.count == 100)
            let list = #"'{"jsonrpc":"2.0","id":1,"method":"event.list","params":{"type":"order.sent","wait":"4m"}}'"#
            let waited = try await daemon.shell(
                """
                curl --silent --unix-socket \(estate.socketPath) http://reeve/rpc --data \(list) >waited & waiter=$!
                $reeve publish --type order.sent '{}' >published; wait $waiter; cat waited
                """
            )
            #expect(try JSON(parsing: waited)[at: "result", "events"]?.array?.count == 1)
            let metrics = try await curl("http://reeve/metrics", of: daemon)
            #expect(metrics.status == "200" && metrics.body.hasSuffix("# EOF\n"))
            #expect(metrics.body.contains("\nreeve_"), "\(metrics.body)")
            #expect(try await curl("http://reeve/healthz", of: daemon) == Response(status: "200", body: "ok\n"))
            #expect(try await curl("http://reeve/readyz", of: daemon) == Response(status: "200", body: "ready\n"))
            let document = try JSON(parsing: try await curl("http://reeve/openrpc.json", of: daemon).body)
            let discovered = try await daemon.call("rpc.discover")
            #expect(document == discovered)
            #expect(try await curl("http://reeve/", of: daemon).status == "404")
            let subscribed = try await curl(
                "http://reeve/rpc --data '\(#"{"jsonrpc":"2.0","id":1,"method":"event.subscribe"}"#)'",
                of: daemon
            )
            #expect(try JSON(parsing: subscribed.body)[at: "error", "code"] == -32600)
        }
    }
}
