import Glibc
import Testing

@testable import ReeveProcess

/// A cgroup of the test's own, where the host lets it have one.
private final class Cgroup: Sendable {
    static let root = findRoot()

    let path: String

    init() throws {
        var template = Array("\(try #require(Self.root))/reeve-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        rmdir(path)
    }

    func read(_ name: String) -> String {
        String(decoding: readFile("\(path)/\(name)", limit: 4096) ?? [], as: UTF8.self)
    }

    private static func findRoot() -> String? {
        let mounts = String(decoding: readFile("/proc/self/mounts", limit: 1 << 20) ?? [], as: UTF8.self)
        let places = mounts.split(separator: "\n").map { $0.split(separator: " ") }
        let root = places.first { $0.count > 2 && $0[2] == "cgroup2" }.map { String($0[1]) }
        return root.flatMap { access("\($0)/cgroup.procs", W_OK) == 0 && access($0, W_OK) == 0 ? $0 : nil }
    }
}

@Suite(.timeLimit(.minutes(5)), .enabled(if: Cgroup.root != nil, "no cgroup v2 that may be written")) struct CgroupTests
{
    let workshop: Workshop
    private let cgroup: Cgroup
    let key = ProcessKey("main")

    init() throws {
        workshop = try Workshop()
        cgroup = try Cgroup()
    }

    @Test func `a process begins in its cgroup`() async throws {
        var specification = workshop.shell("cat /proc/self/cgroup")
        specification.cgroup = cgroup.path
        let name = try #require(cgroup.path.split(separator: "/").last)
        let lines = try await workshop.run(specification).text.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("0::") && $0.hasSuffix("/\(name)") })
    }

    @Test func `what left everything else behind is killed with its cgroup`() async throws {
        workshop.makeFIFO("fifo")
        let script = "(env -i /usr/bin/setsid /bin/sh -c 'echo > fifo; /bin/sleep 1000 & wait' &); read x < fifo"
        var specification = workshop.shell(script)
        specification.cgroup = cgroup.path
        #expect(try await workshop.run(specification).end.exitCode == 0)
        #expect(cgroup.read("cgroup.events").contains("populated 1"))
        #expect(await workshop.processes.kill(key) == [])
        #expect(cgroup.read("cgroup.procs") == "")
    }

    @Test func `a cgroup that is not there is told`() throws {
        var specification = workshop.shell("true")
        specification.cgroup = cgroup.path + "/none"
        #expect(throws: StartError(.cgroup, errno: ENOENT, path: cgroup.path + "/none")) {
            try workshop.processes.start(specification, key: key)
        }
    }
}
