import Glibc
import Testing

@testable import ReeveProcess

/// What takes cgroup controllers. `contrib/systemd/with-controllers` runs these where the host's version 1 holds them.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: hasControllers, "no controllers here"))
struct ControllerTests {
    let workshop: Workshop
    private let given: OwnCgroup
    let tree: CgroupTree
    let key = ProcessKey("main")

    init() throws {
        given = try OwnCgroup()
        for controller in CgroupController.allCases {
            #expect(Cgroup(path: given.parent).write("+\(controller.rawValue)", to: "cgroup.subtree_control") == 0)
        }
        // The kernel wants processes in leaves: as in a container whose first process is this one.
        #expect(Cgroup(path: given.path).write(String(getpid()), to: "cgroup.procs") == 0)
        tree = CgroupTree(.given(folder: given.path), name: "home")
        workshop = try Workshop(cgroups: tree)
    }

    private func shell(_ script: String, _ limits: CgroupLimits) -> ProcessSpecification {
        var specification = workshop.shell(script)
        specification.cgroup = CgroupSpecification(name: "run-1.main.1", limits: limits)
        return specification
    }

    private func read(_ name: String) -> String {
        let path = "\(given.path)/home/run-1.main.1/\(name)"
        return String(decoding: readFile(path, limit: 4096) ?? [], as: UTF8.self)
    }

    /// This process goes back to where it came from, or the cgroup could not be removed.
    private func leave() {
        #expect(Cgroup(path: given.parent).write(String(getpid()), to: "cgroup.procs") == 0)
    }

    @Test func `the agent moves itself to a leaf and has all controllers`() throws {
        defer { leave() }
        #expect(tree.standing == CgroupTree.Standing(folder: given.path, controllers: CgroupController.allCases))
        #expect(Cgroup(path: given.path + "/" + CgroupDelegation.leaf).pids.contains(getpid()))
        // As one that is started again from there.
        let again = CgroupTree(.given(folder: given.path), name: "other")
        #expect(again.standing.trouble == nil && again.standing.controllers == CgroupController.allCases)
    }

    @Test func `other processes in the agent's cgroup are in the way of its controllers, which is told`() async throws {
        defer { leave() }
        let crowded = try OwnCgroup()
        try workshop.processes.start(workshop.shell("sleep 1000"), key: key)
        let pid = try #require(workshop.processes.record(key)?.pid)
        #expect(Cgroup(path: crowded.path).write(String(pid), to: "cgroup.procs") == 0)
        let standing = CgroupTree(.given(folder: crowded.path), name: "home").standing
        #expect(standing.controllers == [])
        #expect(standing.trouble?.hasSuffix("other processes are in it") == true)
        #expect(await workshop.processes.kill(key) == [])
    }

    @Test func `limits are written, and nothing is said of them`() async throws {
        defer { leave() }
        let limits = CgroupLimits(memory: 64 << 20, cpu: 150, tasks: 7)
        #expect(try await workshop.run(shell("true", limits)).end.exitCode == 0)
        #expect(read("memory.max") == "\(64 << 20)\n")
        #expect(read("cpu.max") == "150000 100000\n")
        #expect(read("pids.max") == "7\n")
        #expect(workshop.processes.record(key)?.unenforced == [])
    }

    @Test func `who takes more memory than it may is killed, and that is known of its end`() async throws {
        defer { leave() }
        // tail keeps a line without an end in memory.
        let greedy = shell("exec tail -n 1 /dev/zero", CgroupLimits(memory: 16 << 20))
        let end = try await workshop.run(greedy).end
        #expect(end.signal == SIGKILL)
        #expect(end.together?.outOfMemoryKills == 1)
        #expect((8 << 20...17 << 20).contains(end.together?.peakMemory ?? 0))
    }

    @Test func `what is killed below a shell is known, too`() async throws {
        defer { leave() }
        let end = try await workshop.run(shell("tail -n 1 /dev/zero; exit 3", CgroupLimits(memory: 16 << 20))).end
        #expect(end.exitCode == 3)
        #expect(end.together?.outOfMemoryKills == 1)
    }

    @Test func `no more processes are made than may be`() async throws {
        defer { leave() }
        let script = "for i in 1 2 3 4 5 6; do sleep 1000 & done; echo not reached"
        let result = try await workshop.run(shell(script, CgroupLimits(tasks: 4)))
        #expect(result.end.exitCode == 2 && result.text == "")
        #expect(String(decoding: result.error, as: UTF8.self).contains("Cannot fork"))
        #expect(read("pids.current") == "3\n")
        #expect(await workshop.processes.kill(key) == [])
    }

    @Test func `a process that the agent may not make is told with its reason`() async throws {
        defer { leave() }
        let home = Cgroup(path: given.path + "/home")
        #expect(home.write("0", to: "pids.max") == 0)
        #expect(throws: StartError(.process, errno: EAGAIN)) {
            try workshop.processes.start(shell("true", CgroupLimits()), key: key)
        }
        #expect(home.children == [])
        #expect(home.write("max", to: "pids.max") == 0)
        #expect(try await workshop.run(shell("true", CgroupLimits())).end.exitCode == 0)
    }

    @Test func `processor time is bounded`() async throws {
        defer { leave() }
        let burn = shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", CgroupLimits(cpu: 20))
        let end = try await workshop.run(burn).end
        let used = try #require(end.together)
        #expect(Cgroup(path: "\(given.path)/home/run-1.main.1").fields("cpu.stat")?["nr_throttled"] ?? 0 > 0)
        // 20 % of one processor, and what a period may be overdrawn by.
        #expect(used.userTime + used.systemTime < end.duration / 2)
        #expect(used.bytesRead != nil && used.bytesWritten != nil)
    }
}

private let hasControllers: Bool = {
    guard case .given(let folder) = CgroupDelegation.find() else { return false }
    return CgroupController.read("\(folder)/cgroup.controllers") == CgroupController.allCases
}()
