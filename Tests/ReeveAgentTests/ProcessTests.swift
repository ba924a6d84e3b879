import Glibc
import JSON
import JSONRPC
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveAgent

/// What a step's process gets, and what is kept of what it writes.
struct ProcessTests {
    @Test func `a step has its own environment, and nothing of the agent's`() async throws {
        try await RunningAgent.with { agent in
            let file = try Fifo.text("from a file\n", at: agent.folder.path + "/secret")
            let environment: JSON = ["A": "1", "B": ["file": .string(file)]]
            let script =
                "echo $A; echo $B; echo $REEVE_TASK/$REEVE_NUMBER $REEVE_STEP; env | cut -d= -f1 | sort | tr '\\n' ' '"
            let task: JSON = ["id": "job", "environment": environment, "script": .string(script)]
            try await agent.call("task.put", ["task": task])
            #expect(try await agent.runToEnd("job")["outcome"] == "succeeded")
            let lines =
                try await agent.call("run.output", ["run": "job/1"])["data"]?.string?.split(separator: "\n") ?? []
            #expect(lines.prefix(3) == ["1", "from a file", "job/1 main"])
            let names = Set(try #require(lines.last).split(separator: " ").map(String.init))
            let expected: Set<String> = [
                "A", "B", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "PATH", "REEVE_TASK", "REEVE_RUN", "REEVE_NUMBER",
                "REEVE_STEP", "REEVE_ATTEMPT", "TRACEPARENT",
            ]
            #expect(expected.isSubset(of: names))
            // The shell adds what it needs itself; a run by hand has no slot.
            #expect(names.subtracting(expected).isSubset(of: ["REEVE_SLOT", "PWD", "OLDPWD", "SHLVL", "_"]))
            // The secret is in no answer.
            #expect(!(try await agent.call("task.get", ["task": "job"]).text.contains("from a file")))
        }
    }

    @Test func `a run by hand may have other words, variables and input, for itself alone`() async throws {
        try await RunningAgent.with { agent in
            try await agent.put("job", shell: "echo $X; cat")
            try await agent.call("task.run", ["task": "job", "environment": ["X": "x"], "input": "typed\n"])
            _ = try await agent.waited("job/1")
            #expect(try await agent.call("run.output", ["run": "job/1"])["data"] == "x\ntyped\n")
            try await agent.call("task.run", ["task": "job", "command": ["/bin/echo", "other"]])
            let run = try await agent.waited("job/2")
            #expect(try await agent.call("run.output", ["run": "job/2"])["data"] == "other\n")
            #expect(run["overrides"] == nil)
            _ = try await agent.runToEnd("job")
            #expect(try await agent.call("run.output", ["run": "job/3"])["data"] == "\n")
        }
    }

    @Test
    func `near the limit of all output that of the oldest runs goes, their records stay, and a run's steps share`()
        async throws
    {
        try await RunningAgent.with({ configuration in
            configuration.outputTotal = .kibibytes(400)
            configuration.outputPerRun = .kibibytes(160)
        }) { agent in
            let write: JSON = ["/bin/sh", "-c", "head -c 100000 /dev/zero; echo end"]
            let steps: JSON = [["name": "a", "command": write], ["name": "b", "command": write, "requires": ["a"]]]
            try await agent.call("task.put", ["task": ["id": "job", "steps": steps]])
            var oldest: JSON = nil
            // Each takes some of the room, until that of the first is needed.
            while oldest["dropped"] != 200_008 {
                let run = try await agent.runToEnd("job")
                let outputs = run["steps"]?.array?.compactMap { $0["output"] } ?? []
                let kept = outputs.map { ($0["bytes"]?.integer ?? 0) - ($0["dropped"]?.integer ?? 0) }
                #expect(run["outcome"] == "succeeded" && outputs.allSatisfy { $0["bytes"] == 100_004 })
                #expect(kept.count == 2 && kept.reduce(0, +) <= 160 << 10, "\(kept)")
                #expect(try await agent.call("agent.status")[at: "output", "used"]?.integer ?? 0 <= 400 << 10)
                oldest = try await agent.call("run.output", ["run": "job/1"])
            }
            #expect(oldest["data"] == "" && oldest["end"] == true)
            #expect(try await agent.call("run.get", ["run": "job/1"])[at: "run", "outcome"] == "succeeded")
        }
    }

    @Test func `what a step writes beyond its share is dropped, and counted`() async throws {
        try await RunningAgent.with({ $0.outputPerStep = .kibibytes(64) }) { agent in
            try await agent.put("job", shell: "head -c 1000000 /dev/zero; echo end")
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "succeeded")
            #expect(run[at: "steps", "0", "output", "bytes"] == 1_000_004)
            let dropped = try #require(run[at: "steps", "0", "output", "dropped"]?.integer)
            #expect((1_000_004 - 64 << 10...1_000_003).contains(dropped))
            let tail = try await agent.call("run.output", ["run": "job/1", "tail": 4])
            #expect(tail["data"] == "end\n")
        }
    }

    /// A program of another user asks over the socket: who it is comes from the kernel, whatever it says.
    @Test(.enabled(if: getuid() == 0 && access("/usr/bin/perl", X_OK) == 0, "needs root and perl"))
    func `a program of another user may ask who it is, and no more`() async throws {
        try await RunningAgent.with { agent in
            let script = """
                #!/usr/bin/perl
                use IO::Socket::UNIX;
                my $agent = IO::Socket::UNIX->new(Peer => "\(agent.socketPath)") or die "cannot connect: $!";
                for my $method ("agent.whoami", "task.list", "run.output", "engine.restart") {
                    syswrite($agent, qq({"jsonrpc":"2.0","id":1,"method":"$method"}\\n));
                    print scalar(readline($agent));
                }
                """
            let task: JSON = ["id": "stranger", "user": "nobody", "script": .string(script)]
            try await agent.call("task.put", ["task": task])
            let run = try await agent.runToEnd("stranger")
            let output = try await agent.call("run.output", ["run": "stranger/1"])["data"]?.string ?? ""
            try #require(run["outcome"] == "succeeded", "\(run.text) \(output)")
            let answers = try output.split(separator: "\n").map { try JSON(parsing: String($0)) }
            try #require(answers.count == 4, "\(output)")
            #expect(answers[0][at: "result", "user"] == "nobody" && answers[0][at: "result", "role"] == "none")
            for answer in answers.dropFirst() {
                #expect(answer[at: "error", "code"] == 3 && answer[at: "error", "data", "kind"] == "forbidden")
            }
        }
    }
}

extension Fifo {
    /// A plain file with that text.
    fileprivate static func text(_ text: String, at path: String) throws -> String {
        try ProtocolFile.write(text, to: path)
        return path
    }
}
