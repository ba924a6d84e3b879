import Glibc
import JSON
import TestSupport
import Testing

/// Limits by cgroup controllers, under a kernel that has them (`contrib/systemd/with-controllers`): where this is built,
/// version 1 may hold them.
@Suite(
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: geteuid() == 0 && access("/usr/bin/linux.uml", X_OK) == 0, "needs root and user-mode-linux")
)
struct ControllerTests {
    private let harness = Products.file("contrib/systemd/with-controllers")

    @Test func `what takes controllers is as it should be with them`() async throws {
        let folder = try TemporaryFolder()
        let tests = [
            "--skip-build", "--disable-xctest", "--filter", "ReeveProcessTests.ControllerTests", "--testing-library",
            "swift-testing",
        ]
        let (end, said) = try await Child.run([harness, "--", Products.tests] + tests, in: folder)
        #expect(end == .exited(0), "\(said)")
        #expect(said.contains("Suite ControllerTests passed") && !said.contains("skipped"), "\(said)")
    }

    @Test func `under systemd the agent is in a leaf, and its runs are bounded and counted`() async throws {
        let folder = try TemporaryFolder()
        let units = Products.file("contrib/systemd")
        let unitFolder = "/usr/lib/systemd/system"
        let installed = [
            "\(Products.reeved):/usr/bin/reeved:0755", "\(Products.reeve):/usr/bin/reeve:0755",
            "\(units)/reeve.service:\(unitFolder)/reeve.service", "\(units)/reeve.socket:\(unitFolder)/reeve.socket",
        ]
        let script = """
            systemctl start reeve.socket
            reeve call agent.status
            reeve call task.put '{"task": {"id": "hog", "command": ["/usr/bin/tail", "-n", "1", "/dev/zero"],
                "limits": {"memory": "16MiB", "cpu": "50%", "tasks": 8}}}'
            reeve run hog || true
            reeve call run.get '{"run": "hog/1"}'
            cat /proc/$(systemctl show --property=MainPID --value reeve.service)/cgroup
            systemctl stop reeve.service
            test ! -e /sys/fs/cgroup/system.slice/reeve.service
            """
        let inner = [units + "/with-systemd"] + installed.flatMap { ["--install", $0] }
        let (end, said) = try await Child.run(
            [harness, "--memory", "2G", "--"] + inner + ["--", "bash", "-euc", script],
            in: folder
        )
        try #require(end == .exited(0), "\(said)")
        let answers = said.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
        try #require(answers.count == 3, "\(said)")
        #expect(answers[0][at: "cgroups", "path"] == "/sys/fs/cgroup/system.slice/reeve.service")
        #expect(answers[0][at: "cgroups", "controllers"] == ["cpu", "io", "memory", "pids"])
        #expect(answers[1]["warnings"] == nil)
        let run = try #require(answers[2]["run"])
        #expect(run["outcome"] == "failed" && run["cause"] == "outOfMemory", "\(run)")
        #expect(run[at: "steps", "0", "notEnforced"] == nil)
        #expect((8 << 20...17 << 20).contains(run[at: "steps", "0", "usage", "peakMemory"]?.integer ?? 0), "\(run)")
        #expect(said.contains("0::/system.slice/reeve.service/reeve-agent\n"), "\(said)")
    }
}
