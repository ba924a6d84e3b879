import Glibc
import JSON
import TestSupport
import Testing

/// What a flood of output costs the real `reeved`.
@Suite(.timeLimit(.minutes(5)))
struct OutputCostTests {
    @Test func `a child that writes 1 GiB costs the agent at most 16 MiB, and is counted to the byte`() async throws {
        let estate = try Estate()
        try await estate.running { daemon in
            try await daemon.call("task.put", ["task": ["id": "small", "command": ["/bin/true"]]])
            _ = try await daemon.reeve("run", "small")
            let command: JSON = ["/usr/bin/head", "-c", "1073741824", "/dev/zero"]
            try await daemon.call("task.put", ["task": ["id": "flood", "command": command]])
            let before = try peak(of: daemon.child.pid)
            _ = try await daemon.call("task.run", ["task": "flood"])
            let run = try await daemon.call("run.wait", ["run": "flood/1", "deadline": "4m"])
            let cost = try peak(of: daemon.child.pid) - before
            #expect(run[at: "run", "outcome"] == "succeeded", "\(run)")
            let output = run[at: "run", "steps", "0", "output"]
            #expect(output?["bytes"] == 1_073_741_824)
            let kept = 1_073_741_824 - (output?["dropped"]?.integer ?? 0)
            #expect((15 << 20...16 << 20).contains(kept))
            #expect(cost <= 16 << 20, "\(cost >> 10) KiB")
            print("1 GiB of output cost \(cost >> 10) KiB at most")
            #expect(try await daemon.stopped() == .exited(0), "\(estate.log)")
        }
    }

    /// The most memory that the process had resident so far, in bytes.
    private func peak(of pid: pid_t) throws -> Int {
        let lines = try readFile("/proc/\(pid)/status").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("VmHWM:") })
        return try #require(Int(line.filter(\.isNumber))) << 10
    }
}
