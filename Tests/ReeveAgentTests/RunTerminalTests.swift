import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ReeveAgent

/// Steps that have a terminal, and who types on it.
struct RunTerminalTests {
    private static let step: JSON = [
        "name": "main", "script": "stty size; read line; echo got $line", "terminal": ["columns": 100],
    ]

    @Test func `what is typed reaches the step, and what it writes is the run's output`() async throws {
        try await RunningAgent.with { agent in
            let steps: JSON = [Self.step, ["name": "plain", "script": "test -t 0 || echo none", "requires": ["main"]]]
            try await agent.call("task.put", ["task": ["id": "job", "steps": steps]])
            try await agent.call("task.run", ["task": "job"])
            try await agent.told("dev.reeve.run.running", of: "job")
            let half = try await agent.call("run.input", ["run": "job/1", "data": "hel"])
            #expect(half == ["taken": 3])
            let rest: JSON = ["run": "job/1", "data": "bG8K", "encoding": "base64", "step": "main"]
            #expect(try await agent.call("run.input", rest) == ["taken": 3])
            let run = try await agent.waited("job/1")
            #expect(run["outcome"] == "succeeded", "\(run.text)")
            let text = try await agent.call("run.output", ["run": "job/1"])["data"]?.string ?? ""
            #expect(
                text.contains("24 100\r\n") && text.contains("got hello\r\n") && text.hasSuffix("none\n"),
                "\(text)"
            )
            let over = try await agent.failure("run.input", ["run": "job/1", "data": "x"])
            #expect(over?.kind == "invalidState" && over?.data?["status"] == "stopped")
        }
    }

    @Test func `what cannot be is refused`() async throws {
        try await RunningAgent.with { agent in
            let wait = try Fifo(agent.folder.path + "/wait")
            try await agent.put("plain", shell: "read line <\(wait.path)")
            try await agent.call("task.run", ["task": "plain"])
            try await agent.told("dev.reeve.run.running", of: "plain")
            let cases: [(String, JSON, String, String?)] = [
                ("run.input", ["run": "plain/1", "data": "x"], "invalidState", nil),
                ("run.input", ["run": "plain/1", "data": "x", "step": "other"], "invalidParams", "/step"),
                ("run.input", ["run": "plain/1", "data": "?", "encoding": "base64"], "invalidParams", "/data"),
                ("run.resize", ["run": "plain/1", "columns": 0, "rows": 24], "invalidParams", "/columns"),
                ("run.resize", ["run": "plain/1", "columns": 80, "rows": 1001], "invalidParams", "/rows"),
                ("run.resize", ["run": "plain/1", "columns": 80, "rows": 24], "invalidState", nil),
            ]
            for (method, parameters, kind, path) in cases {
                let failure = try await agent.failure(method, parameters)
                #expect(failure?.kind == kind && failure?.data?["path"]?.string == path, "\(method) \(parameters.text)")
            }
            let both: JSON = ["name": "a", "command": ["cat"], "input": "x", "terminal": ["rows": 0]]
            let problems = try await agent.call("task.check", ["task": ["id": "job", "steps": [both]]])["problems"]
            #expect(
                Set(problems?.array?.compactMap { $0["path"]?.string } ?? []) == [
                    "/task/steps/0/input", "/task/steps/0/terminal/rows",
                ]
            )
            try await wait.write()
            _ = try await agent.waited("plain/1")
        }
    }
}
