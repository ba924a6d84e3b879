import Glibc
import TestSupport
import Testing

/// A systemd of its own, as process 1 of new name spaces.
enum SystemdHost {
    /// Whether there is what the harness needs.
    static let isPossible: Bool = {
        let programs: [String] = ["systemctl", "unshare", "nsenter", "setpriv"]
        let cgroup = (try? readFile("/proc/self/cgroup")) ?? ""
        return getuid() == 0 && cgroup.contains("0::") && programs.allSatisfy { access("/usr/bin/\($0)", X_OK) == 0 }
    }()

    /// Runs a script beside a systemd with the shipped units installed and the socket started. Answers what it said.
    static func inside(
        folder: TemporaryFolder? = nil,
        dropIn: String = "",
        _ script: String
    ) async throws -> String {
        let folder = try folder ?? TemporaryFolder()
        try writeFile(folder.path + "/drop-in.conf", dropIn)
        let units = Products.file("contrib/systemd")
        let unitFolder = "/usr/lib/systemd/system"
        let installed = [
            "\(Products.reeved):/usr/bin/reeved:0755", "\(Products.reeve):/usr/bin/reeve:0755",
            "\(units)/reeve.service:\(unitFolder)/reeve.service", "\(units)/reeve.socket:\(unitFolder)/reeve.socket",
            "\(folder.path)/drop-in.conf:\(unitFolder)/reeve.service.d/test.conf",
        ]
        let (end, said) = try await Child.run(
            [units + "/with-systemd", "--bind", folder.path] + installed.flatMap { ["--install", $0] } + [
                "--timeout", "120", "--", "bash", "-euc", "systemctl start reeve.socket\n" + script,
            ],
            in: folder
        )
        try #require(end == .exited(0), "\(said)")
        return said
    }
}
