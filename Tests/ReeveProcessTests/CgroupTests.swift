import Glibc
import Testing

@testable import ReeveProcess

@Suite(.timeLimit(.minutes(5)), .enabled(if: OwnCgroup.isPossible, "no cgroup v2 that may be written"))
struct CgroupTests {
    let workshop: Workshop
    private let given: OwnCgroup
    let tree: CgroupTree
    let key = ProcessKey("main")

    init() throws {
        given = try OwnCgroup()
        tree = CgroupTree(.given(folder: given.path), name: "home")
        workshop = try Workshop(cgroups: tree)
    }

    private func shell(_ script: String, _ name: String = "run-1.main.1") -> ProcessSpecification {
        var specification = workshop.shell(script)
        specification.cgroup = CgroupSpecification(name: name)
        return specification
    }

    private func names() -> [String] {
        Cgroup(path: given.path + "/home").children.map { String($0.path.dropFirst(given.path.count + 6)) }.sorted()
    }

    @Test func `a process begins in a cgroup of its own, which goes when it is forgotten`() async throws {
        let lines = try await workshop.run(shell("cat /proc/self/cgroup")).text.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("0::") && $0.hasSuffix("/home/run-1.main.1") })
        #expect(names() == ["run-1.main.1"])
        #expect(workshop.processes.forget(key))
        #expect(names() == [])
    }

    @Test func `what left everything else behind is killed with its cgroup, and the kernel says that it is empty`()
        async throws
    {
        workshop.makeFIFO("fifo")
        let script = "(env -i /usr/bin/setsid /bin/sh -c 'echo > fifo; /bin/sleep 1000 & wait' &); read x < fifo"
        #expect(try await workshop.run(shell(script)).end.exitCode == 0)
        let cgroup = try #require(workshop.processes.record(key)?.cgroup)
        #expect(cgroup.isPopulated == true && cgroup.pids.count == 2)
        #expect(await workshop.processes.kill(key) == [])
        #expect(cgroup.isPopulated == false && cgroup.pids == [])
    }

    @Test func `a fork bomb in cgroups of its own making is killed whole`() async throws {
        let cgroup = given.path + "/home/run-1.main.1"
        let script = """
            mkdir \(cgroup)/inner && echo 0 > \(cgroup)/inner/cgroup.procs
            bomb() { while :; do (setsid sh -c ':' &); done; }
            for i in 1 2 3 4; do bomb & done
            echo ready; wait
            """
        try workshop.processes.start(shell(script), key: key)
        _ = await workshop.processes.output(key, beyond: .start)
        #expect(await workshop.processes.kill(key) == [])
        #expect(await workshop.processes.ended(key)?.signal == SIGKILL)
        #expect(Cgroup(path: cgroup).isPopulated == false)
        workshop.processes.forget(key)
        #expect(names() == [])
    }

    @Test func `what root moved out of the cgroup is found by its parents and killed, too`() async throws {
        let script = "sleep 1000 & echo $! > \(given.path)/cgroup.procs; echo $!; wait"
        try workshop.processes.start(shell(script), key: key)
        let text = await workshop.processes.output(key, beyond: .start).map { _ in
            (try? SpoolReader(path: workshop.path("output")).read().bytes) ?? []
        }
        let pid = try #require(Int32(String(decoding: text?.dropLast() ?? [], as: UTF8.self)))
        #expect(Cgroup(path: given.path + "/home/run-1.main.1").pids.contains(pid) == false)
        #expect(await workshop.processes.kill(key) == [])
        #expect(ProcessStatus(pid: pid)?.isGone != false)
    }

    @Test func `a cgroup in which something is left goes when that has ended`() async throws {
        workshop.makeFIFO("end")
        #expect(try await workshop.run(shell("(setsid sh -c 'read x < end' >/dev/null 2>&1 &)")).end.exitCode == 0)
        let cgroup = try #require(workshop.processes.record(key)?.cgroup)
        #expect(workshop.processes.forget(key))
        #expect(cgroup.isPopulated == true)
        let events = try OwnCgroup.Removal(of: cgroup.path, in: given.path + "/home")
        workshop.release("end")
        events.wait()
        #expect(names() == [])
    }

    @Test func `what an agent before this one left is found by its cgroups, and only that`() async throws {
        let hold = "env -i /usr/bin/setsid sh -c 'echo here; exec sleep 1000'"
        for (name, key) in [("run-7.a.1", "a"), ("run-7.b.1", "b"), ("run-70.a.1", "c")] {
            var specification = shell(hold, name)
            specification.output = workshop.spool(key)
            try workshop.processes.start(specification, key: ProcessKey(key))
            _ = await workshop.processes.output(ProcessKey(key), beyond: .start)
        }
        let other = try Workshop(cgroups: CgroupTree(.given(folder: given.path), name: "home"))
        let left = other.processes.leftovers(marks: [], cgroups: "run-7.")
        #expect(left.cgroups.count == 2)
        #expect(await other.processes.kill(leftovers: left) == [])
        for key in ["a", "b"] { #expect(await workshop.processes.ended(ProcessKey(key))?.signal == SIGKILL) }
        #expect(names() == ["run-70.a.1"])
        #expect(workshop.processes.record(ProcessKey("c"))?.end == nil)
        #expect(await workshop.processes.kill(ProcessKey("c")) == [])
    }

    @Test func `an empty cgroup of an agent that crashed is removed by the next`() throws {
        mkdir(given.path + "/home/run-1.main.1", 0o755)
        mkdir(given.path + "/home/run-1.main.1/inner", 0o755)
        _ = CgroupTree(.given(folder: given.path), name: "home")
        #expect(names() == [])
    }

    @Test func `usage is that of all processes, also of those nobody waited for`() async throws {
        let burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
        workshop.makeFIFO("done")
        let script = "(setsid sh -c '\(burn); echo > done' &); read x < done"
        let end = try await workshop.run(shell(script)).end
        let together = try #require(end.together)
        let own = end.usage.userTime + end.usage.systemTime
        #expect(together.userTime + together.systemTime > own)
        #expect(together.outOfMemoryKills == 0)
    }

    @Test func `limits that the kernel here cannot keep are said, and the process runs`() async throws {
        var specification = shell("true")
        specification.cgroup?.limits = CgroupLimits(memory: 1 << 30, cpu: 150, tasks: 64)
        #expect(try await workshop.run(specification).end.exitCode == 0)
        let expected = CgroupLimits.Kind.allCases.filter { !tree.standing.controllers.contains($0.controller) }
        #expect(workshop.processes.record(key)?.unenforced == expected)
        #expect(tree.standing.unenforced(CgroupLimits(memory: 1, cpu: 1, tasks: 1)) == expected)
    }

    @Test func `where no cgroup can be made, the process runs without`() async throws {
        let none = CgroupTree(.given(folder: given.path + "/none"), name: "home")
        let workshop = try Workshop(cgroups: none)
        #expect(none.standing.trouble?.hasSuffix("no such file or directory") == true)
        var specification = workshop.shell("true")
        specification.cgroup = CgroupSpecification(name: "x", limits: CgroupLimits(tasks: 3))
        #expect(try await workshop.run(specification).end.exitCode == 0)
        #expect(workshop.processes.record(key)?.cgroup == nil)
        #expect(workshop.processes.record(key)?.unenforced == [.tasks])
    }

    @Test func `a kernel that refuses the cgroup does not keep a process from running`() async throws {
        // Below a cgroup of threads the kernel takes no processes: as on a host that is set up oddly.
        #expect(Cgroup(path: given.path + "/home").write("threaded", to: "cgroup.type") == 0)
        let place = given.path + "/home/x"
        mkdir(place, 0o755)
        #expect(throws: StartError(.cgroup, errno: EOPNOTSUPP, path: place)) {
            try Launcher.launch(shell("true"), in: Cgroup(path: place))
        }
        #expect(throws: StartError(.cgroup, errno: ENOENT, path: place + "/none")) {
            try Launcher.launch(shell("true"), in: Cgroup(path: place + "/none"))
        }
        #expect(try await workshop.run(shell("echo here")).text == "here\n")
        #expect(workshop.processes.record(key)?.cgroup == nil)
    }

    @Test func `the end leaves nothing behind`() async throws {
        #expect(try await workshop.run(shell("true")).end.exitCode == 0)
        tree.close()
        #expect(Cgroup(path: given.path).children == [])
    }
}

/// A cgroup of the test's own, where the host lets it have one.
final class OwnCgroup: Sendable {
    static var isPossible: Bool { root != nil }
    private static let root: String? = {
        guard case .given(let folder) = CgroupDelegation.find() else { return nil }
        return folder
    }()

    let path: String
    var parent: String { String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) }

    init() throws {
        var template = Array("\(try #require(Self.root))/reeve-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        Cgroup(path: path).kill()
        Cgroup(path: path).remove()
    }

    /// Waits until a folder is removed.
    struct Removal: ~Copyable {
        private let inotify: Descriptor
        private let path: String

        init(of path: String, in folder: String) throws {
            self.path = path
            inotify = Descriptor(inotify_init1(CInt(IN_CLOEXEC)))
            try #require(inotify_add_watch(inotify.raw, folder, UInt32(IN_DELETE)) >= 0)
        }

        func wait() {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while access(path, F_OK) == 0 { _ = buffer.withUnsafeMutableBytes { readSome(inotify.raw, $0) } }
        }
    }
}
