import Glibc
import Testing

@testable import ReeveProcess

/// What goes wrong on a host, with real processes.
@Suite(.timeLimit(.minutes(5))) struct FaultTests {
    let workshop: Workshop
    let key = ProcessKey("main")

    init() throws {
        workshop = try Workshop()
    }

    private var nobody: ProcessUser { ProcessUser(user: 65_534, group: 65_534) }

    @Test(.enabled(if: geteuid() == 0, "only root becomes another user"))
    func `a user with too many processes gets no more, and that is told with its reason`() async throws {
        // Of this user there may be others, and now there are two at least.
        for name in ["first", "other"] {
            var specification = workshop.shell("exec sleep 1000", name: name)
            specification.user = nobody
            specification.workingDirectory = "/"
            try workshop.processes.start(specification, key: ProcessKey(name))
        }
        var second = workshop.shell("true", name: "second")
        second.user = nobody
        second.workingDirectory = "/"
        second.limits = [ResourceLimit(.processes, 1)]
        #expect(throws: StartError(.execute, errno: EAGAIN, path: "/bin/sh")) {
            try workshop.processes.start(second, key: key)
        }
        #expect(workshop.processes.record(key) == nil)
        for name in ["first", "other"] { #expect(await workshop.processes.kill(ProcessKey(name)) == []) }
    }

    @Test(.enabled(if: geteuid() == 0, "only root becomes another user"))
    func `a child that cannot fork says so and ends by itself`() async throws {
        var specification = workshop.shell("sleep 0; echo not reached")
        // Of a user of its own: others' processes would count.
        specification.user = ProcessUser(user: 64_999, group: 64_999)
        specification.workingDirectory = "/"
        specification.limits = [ResourceLimit(.processes, 1)]
        let result = try await workshop.run(specification)
        #expect(result.end.exitCode == 2 && result.text == "")
        #expect(String(decoding: result.error, as: UTF8.self).contains("Cannot fork"))
    }

    @Test func `without descriptors a start fails with its reason, and what runs is still ended and heard of`()
        async throws
    {
        var specification = workshop.shell("")
        specification.arguments = [FirstProcessTests.program, workshop.folder, "descriptors"]
        let result = try await workshop.run(specification)
        #expect(
            result.text
                == """
                cannot prepare the input and output of a process: too many open files
                all ended by signal 9: true
                then: 0

                """,
            "\(String(decoding: result.error, as: UTF8.self))"
        )
    }

    @Test(.enabled(if: geteuid() == 0, "only root mounts"))
    func `a full disk is told and counted, and the child neither stops nor waits`() async throws {
        mkdir(workshop.path("disk"), 0o700)
        #expect(mount("tmpfs", workshop.path("disk"), "tmpfs", 0, "size=128k") == 0)
        defer { umount(workshop.path("disk")) }
        var specification = workshop.shell("head -c 3000000 /dev/zero; echo bad >&2; exit 4")
        specification.output = SpoolSpecification(path: workshop.path("disk/output"), quota: 1 << 20)
        try workshop.processes.start(specification, key: key)
        #expect(await workshop.processes.ended(key)?.exitCode == 4)
        let counts = try #require(workshop.processes.record(key)?.output)
        #expect(counts.output == 3_000_000 && counts.error == 4)
        #expect(counts.spoolError == ENOSPC)
        let kept = try SpoolReader(path: workshop.path("disk/output")).read(limit: 1 << 21)
        #expect(UInt64(kept.bytes.count) + counts.dropped == counts.bytes)
        #expect(!kept.bytes.isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "only root mounts"))
    func `the log of a service goes on when its disk has room again`() async throws {
        mkdir(workshop.path("disk"), 0o700)
        #expect(mount("tmpfs", workshop.path("disk"), "tmpfs", 0, "size=128k") == 0)
        defer { umount(workshop.path("disk")) }
        workshop.makeFIFO("again")
        // All of it: in a page that is left, a small piece would find room.
        workshop.write(String(repeating: "x", count: 131_072), to: "disk/filler")
        var specification = workshop.shell("head -c 100000 /dev/zero; read x < again; echo here; read x < again")
        specification.output = SpoolSpecification(path: workshop.path("disk/log"), ring: 65_536)
        try workshop.processes.start(specification, key: key)
        var counts = OutputCounts()
        while counts.output < 100_000 { counts = try await changed(counts) }
        #expect(counts.spoolError == ENOSPC)
        unlink(workshop.path("disk/filler"))
        workshop.release("again")
        counts = try #require(await workshop.processes.output(key, beyond: counts.position))
        #expect(counts.spoolError == nil)
        let tail = try SpoolReader(path: workshop.path("disk/log")).read(tail: 5)
        #expect(String(decoding: tail.bytes, as: UTF8.self) == "here\n")
        #expect(await workshop.processes.kill(key) == [])
    }

    /// Dropped output moves no position: it is heard of when the pipe was read.
    private func changed(_ counts: OutputCounts) async throws -> OutputCounts {
        await Task.yield()
        return try #require(workshop.processes.record(key)?.output)
    }

    @Test func `one that dies in the instant it is stopped is heard of once, and nothing is left`() async throws {
        for number in 0..<200 {
            let key = ProcessKey("\(number)")
            var specification = workshop.shell("exit 7")
            specification.output = nil
            let pid = try workshop.processes.start(specification, key: key).pid
            workshop.processes.signal(key, SIGTERM)
            async let killed = workshop.processes.kill(key)
            let end = try #require(await workshop.processes.ended(key))
            #expect(end.exitCode == 7 || end.signal == SIGTERM || end.signal == SIGKILL)
            #expect(await killed == [])
            #expect(ProcessStatus(pid: pid)?.isGone != false)
            #expect(!workshop.processes.signal(key, SIGKILL))
            #expect(workshop.processes.forget(key))
        }
    }

    @Test func `a zombie's parent is ended, and the zombie goes with it`() async throws {
        // The shell becomes a program that waits for no child.
        try workshop.processes.start(workshop.shell("(exit 3) & echo $!; exec sleep 1000"), key: key)
        _ = await workshop.processes.output(key, beyond: .start)
        let text = String(decoding: try SpoolReader(path: workshop.path("output")).read().bytes, as: UTF8.self)
        let zombie = try #require(Int32(text.dropLast()))
        #expect(await workshop.processes.kill(key) == [])
        #expect(await workshop.processes.ended(key)?.signal == SIGKILL)
        #expect(ProcessStatus(pid: zombie)?.isGone != false)
    }

    @Test func `one that stops itself and ignores SIGTERM is killed, with what it stopped`() async throws {
        let script = "trap '' TERM; (kill -STOP $(exec sh -c 'echo $PPID')) & echo $!; kill -STOP $$"
        try workshop.processes.start(workshop.shell(script), key: key)
        _ = await workshop.processes.output(key, beyond: .start)
        #expect(workshop.processes.signal(key, SIGTERM))
        #expect(await workshop.processes.kill(key) == [])
        #expect(await workshop.processes.ended(key)?.signal == SIGKILL)
    }

    @Test func `one that writes as fast as it can is neither slowed for others nor kept whole`() async throws {
        var fast = workshop.shell("exec head -c 300000000 /dev/zero", name: "fast")
        fast.output = workshop.spool("fast", quota: 1 << 20)
        try workshop.processes.start(fast, key: ProcessKey("fast"))
        // Others get their turn meanwhile.
        #expect(try await workshop.run(workshop.shell("echo here")).text == "here\n")
        #expect(await workshop.processes.ended(ProcessKey("fast"))?.exitCode == 0)
        let counts = try #require(workshop.processes.record(ProcessKey("fast"))?.output)
        #expect(counts.output == 300_000_000 && counts.spoolError == nil)
        let kept = try SpoolReader(path: workshop.path("fast")).read(limit: 1 << 21)
        #expect(UInt64(kept.bytes.count) == counts.output - counts.dropped)
        #expect((900_000...1 << 20).contains(kept.bytes.count))
    }
}
