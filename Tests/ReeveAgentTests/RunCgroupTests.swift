import Glibc
import JSON
import ReeveProcess
import TestSupport
import Testing

@testable import ReeveAgent

/// Runs and services in cgroups, as far as this host lets an agent have some.
@Suite(.timeLimit(.minutes(5)), .enabled(if: delegated != nil, "no cgroup v2 that may be written"))
struct RunCgroupTests {
    private func tree(_ folder: TemporaryFolder) throws -> CgroupTree {
        CgroupTree(
            .given(folder: try #require(delegated)),
            name: "reeve-test-" + folder.path.split(separator: "/").joined()
        )
    }

    private func with(_ body: @escaping @Sendable (RunningAgent) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let tree = try tree(folder)
        try await RunningAgent.with(folder: folder, cgroups: tree) { agent in try await body(agent) }
        tree.close()
        #expect(
            access("\(try #require(delegated))/reeve-test-\(folder.path.split(separator: "/").joined())", F_OK) != 0
        )
    }

    @Test func `a step and a service are in cgroups of their own, and nothing is left of them`() async throws {
        try await with { agent in
            try await agent.put("job", shell: "cat /proc/self/cgroup")
            let run = try await agent.runToEnd("job")
            let text = try await agent.call("run.output", ["run": "job/1"])["data"]?.string ?? ""
            #expect(text.contains("/run-\(run["id"]?.string ?? "?").main.1\n"))
            let service: JSON = ["name": "db", "command": ["/bin/sh", "-c", "cat /proc/self/cgroup; exec sleep 1000"]]
            try await agent.call("service.put", ["service": service])
            var log = ""
            while !log.contains("\n0::"), !log.hasPrefix("0::") {
                log = try await agent.call("service.logs", ["service": "db", "wait": "10s"])["data"]?.string ?? ""
            }
            #expect(log.contains("/service-db\n"))
            let status = try await agent.call("agent.status")
            #expect(status[at: "cgroups", "path"]?.string == delegated)
        }
    }

    @Test func `what a stop ends is gone with all that left its session and dropped its environment`() async throws {
        try await with { agent in
            let folder = agent.folder.path
            #expect(mkfifo(folder + "/up", 0o600) == 0)
            let away =
                "env -i /usr/bin/setsid /bin/sh -c 'trap \"\" TERM; echo $$ > \(folder)/pid; echo > \(folder)/up; "
                + "while :; do /bin/sleep 1000; done'"
            try await agent.put(
                "job",
                shell: "(\(away) &); read x < \(folder)/up; trap '' TERM; echo up; while :; do sleep 1000; done",
                ["stop": ["grace": "1ms"]]
            )
            try await agent.call("task.run", ["task": "job"])
            var text = ""
            while text.isEmpty {
                text = try await agent.call("run.output", ["run": "job/1", "wait": "10s"])["data"]?.string ?? ""
            }
            try await agent.call("run.stop", ["run": "job/1"])
            let run = try await agent.waited("job/1")
            #expect(run["outcome"] == "canceled" && run[at: "steps", "0", "signal"] == 9)
            let pid = try #require(Int32(try String(contentsOfFile: folder + "/pid").dropLast()))
            #expect(kill(pid, 0) != 0)
        }
    }

    @Test func `limits that cannot be kept are a warning before, and said in the run`() async throws {
        try await with { agent in
            let controllers = try await agent.call("agent.status")[at: "cgroups", "controllers"]?.array ?? []
            let missing = [("memory", "memory"), ("cpu", "cpu"), ("tasks", "pids")].filter { _, controller in
                !controllers.contains(.string(controller))
            }.map(\.0)
            let limits: JSON = ["memory": "64MiB", "cpu": "150%", "tasks": 16]
            let task: JSON = ["id": "job", "command": ["/bin/true"], "limits": limits]
            let warnings = try await agent.call("task.check", ["task": task])["warnings"]?.array ?? []
            #expect(warnings.count == (missing.isEmpty ? 0 : 1))
            for name in missing { #expect(warnings.first?.string?.contains("limits.\(name)") == true) }
            try await agent.call("task.put", ["task": task])
            let run = try await agent.runToEnd("job")
            #expect(run["outcome"] == "succeeded")
            let said = run[at: "steps", "0", "notEnforced"]?.array?.compactMap(\.string)
            #expect(said == (missing.isEmpty ? nil : missing))
        }
    }
}

/// The folder that this process may make cgroups in.
private let delegated: String? = {
    guard case .given(let folder) = CgroupDelegation.find() else { return nil }
    return folder
}()

extension String {
    fileprivate init(contentsOfFile path: String) throws {
        let file = try #require(fopen(path, "re"))
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        self = String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
