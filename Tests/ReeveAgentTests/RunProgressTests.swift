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
        try await WebhookReceiver.running { receiver in
            try await RunningAgent.with(clock: clock, wallClock: wallClock) { agent in
                let endpoint: JSON = [
                    "name": "ops", "kind": "webhook", "url": .string(receiver.url), "progress": "10s",
                    "drain": ["minimum": "1ms", "maximum": "1ms"],
                ]
                try await agent.call("endpoint.put", ["endpoint": endpoint])
                let (started, wait) = (
                    try Fifo(agent.folder.path + "/started"), try Fifo(agent.folder.path + "/wait")
                )
                try await agent.put("job", shell: "echo half way; echo up >\(started.path); read line <\(wait.path)")
                try await agent.call("task.run", ["task": "job"])
                #expect(try await started.line() == "up")
                await clock.sleeper(in: .seconds(10))
                wallClock.advance(by: .seconds(10))
                clock.advance(by: .seconds(10))
                async let _: Void = drain(clock)
                var told: JSON?
                for await request in receiver.requests where request.event?[at: "data", "progress"] != nil {
                    told = request.event
                    break
                }
                #expect(told?["type"] == "dev.reeve.run.progress" && told?["subject"] == "job")
                #expect(told?[at: "data", "tail"] == "half way\n")
                #expect(told?[at: "data", "progress"] == ["elapsed": "10s", "before": "0s"])
                let journal = try await agent.call("event.list", ["lane": "task:job", "limit": 1000])
                #expect(!journal.text.contains("half way"), "output is never in the journal")
                try await wait.write()
                #expect(try await agent.waited("job/1")["outcome"] == "succeeded")
                let last = try await agent.call("event.list", ["lane": "task:job", "limit": 1000])["events"]?.array?
                    .last
                #expect(last?["type"] == "dev.reeve.run.succeeded", "none comes after its end")
            }
        }
    }

    /// What gathers goes at once, until it is cancelled.
    private func drain(_ clock: ManualClock) async {
        while !Task.isCancelled {
            await clock.sleeper(in: .milliseconds(1))
            clock.advance(by: .milliseconds(1))
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
