import Glibc
import JSON
import TestSupport
import Testing

@testable import ReeveAgent

/// What a definition says of its process, as that finds it.
@Suite(.timeLimit(.minutes(5))) struct ProcessSettingTests {
    @Test func `umask, nice value, limits and standard input from a file are as the task says`() async throws {
        try await RunningAgent.with { agent in
            let input = agent.folder.path + "/input"
            let file = try #require(fopen(input, "we"))
            fputs("from a file\n", file)
            fclose(file)
            let step: JSON = [
                "name": "main", "command": ["/bin/sh", "-c", "umask; ulimit -s; ulimit -l; nice; cat"],
                "input": ["file": .string(input)],
                "limits": ["stackSize": "4MiB", "lockedMemory": "64KiB", "addressSpace": "1GiB", "dataSize": "512MiB"],
            ]
            let task: JSON = ["id": "job", "umask": "0027", "nice": 5, "steps": [step]]
            try await agent.call("task.put", ["task": task])
            #expect(try await agent.runToEnd("job")["outcome"] == "succeeded")
            let said = try await agent.call("run.output", ["run": "job/1"])["data"]?.string
            #expect(said == "0027\n4096\n64\n5\nfrom a file\n")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root may")) func `groups are just those of the task`() async throws {
        try await RunningAgent.with { agent in
            let task: JSON = ["id": "job", "groups": ["daemon", "9"], "command": ["/usr/bin/id", "-G"]]
            try await agent.call("task.put", ["task": task])
            _ = try await agent.runToEnd("job")
            #expect(try await agent.call("run.output", ["run": "job/1"])["data"] == "0 1 9\n")
            let unknown: JSON = ["id": "other", "groups": ["no-such-group"], "command": ["/bin/true"]]
            let put = try await agent.call("task.check", ["task": unknown])
            #expect(put["warnings"] == ["step main: there is no group no-such-group now"])
        }
    }

    @Test func `a step's processes are in the trace of their run`() async throws {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "echo $TRACEPARENT")
            let run = try await agent.runToEnd("job")
            let trace = run["id"]?.string?.filter { $0 != "-" } ?? "?"
            let said = try await agent.call("run.output", ["run": "job/1"])["data"]?.string ?? ""
            #expect(said.hasPrefix("00-\(trace)-") && said.hasSuffix("-01\n") && said.utf8.count == 56)
        }
    }

    @Test func `how a step ended is told to the signal`() async throws {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "kill -SEGV $$", ["limits": ["coreSize": "0B"]])
            let run = try await agent.runToEnd("job")
            #expect(run["cause"] == "signal" && run["reason"] == "ended by signal 11 (SIGSEGV)")
            let usage = run[at: "steps", "0", "usage"]
            #expect(usage?["bytesRead"]?.integer != nil && usage?["bytesWritten"]?.integer != nil)
        }
    }
}
