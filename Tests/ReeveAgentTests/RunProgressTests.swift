import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// What endpoints hear of runs that go on.
struct RunProgressTests {
    @Test func `an endpoint that asks is told that a run goes on, with the last of its output`() async throws {
        let (clock, wallClock) = (ManualClock(), ManualWallClock())
        try await RunningAgent.with(clock: clock, wallClock: wallClock) { agent in
            let path = agent.folder.path + "/events"
            let endpoint: JSON = [
                "name": "log", "kind": "file", "path": .string(path), "progress": "10s", "drain": ["maximum": "1s"],
            ]
            try await agent.call("endpoint.put", ["endpoint": endpoint])
            let (started, wait) = (
                try Fifo(agent.folder.path + "/started"), try Fifo(agent.folder.path + "/wait")
            )
            try await agent.put("job", shell: "echo half way; echo up >\(started.path); read line <\(wait.path)")
            try await agent.call("task.run", ["task": "job"])
            #expect(try await started.line() == "up")
            var told: JSON?
            // As often as it takes until the parts of the agent have come to sleep, and to be woken.
            while told == nil {
                wallClock.advance(by: .seconds(1))
                clock.advance(by: .seconds(1))
                try await agent.call("agent.ping")
                // The last may not be whole yet.
                let lines = ((try? ProtocolFile.read(path)) ?? "").split(
                    separator: "\n",
                    omittingEmptySubsequences: false
                )
                told = try lines.dropLast().map { try JSON(parsing: String($0)) }.first {
                    $0[at: "data", "progress"] != nil
                }
            }
            #expect(told?["type"] == "dev.reeve.run.progress" && told?["subject"] == "job")
            #expect(told?[at: "data", "tail"] == "half way\n")
            // How old the run was when it was told of before, or first could have been: that hangs on who was quicker here.
            #expect(told?[at: "data", "progress", "before"]?.string != nil)
            let journal = try await agent.call("event.list", ["lane": "task:job", "limit": 1000])
            #expect(!journal.text.contains("half way"), "output is never in the journal")
            try await wait.write()
            #expect(try await agent.waited("job/1")["outcome"] == "succeeded")
            let last = try await agent.call("event.list", ["lane": "task:job", "limit": 1000])["events"]?.array?.last
            #expect(last?["type"] == "dev.reeve.run.succeeded", "none comes after its end")
        }
    }

    @Test(arguments: ["9s", "25h"])
    func `an interval that is too short or too long is refused`(interval: String) async throws {
        try await RunningAgent.with { agent in
            let endpoint: JSON = ["name": "log", "kind": "stdout", "progress": .string(interval)]
            let failure = try await agent.failure("endpoint.put", ["endpoint": endpoint])
            #expect(failure?.data?["path"] == "/endpoint/progress")
        }
    }
}
