import Glibc
import Testing

@testable import ReeveProcess

@Suite(.timeLimit(.minutes(5))) struct HandOverTests {
    let workshop: Workshop
    let key = ProcessKey("main")
    var processes: Processes { workshop.processes }
    var marks: [String] { ["REEVE_SERVICE=\(workshop.folder)"] }

    init() throws {
        workshop = try Workshop()
        try workshop.processes.adoptOrphans()
        workshop.makeFIFO("fifo")
    }

    /// Starts a Python program and waits until another process has taken over.
    private func start(_ script: String, marks: [String] = []) async throws -> ChildRecord {
        let specification = workshop.notifyingPython(script, path: workshop.path("notify"), marks: marks)
        let first = try processes.start(specification, key: key)
        var version: UInt64 = 0
        while let state = await processes.notices(key, beyond: version) {
            let record = try #require(processes.record(key))
            if record.pid != first.pid { return record }
            version = state.version
        }
        throw Workshop.StartFailed()
    }

    /// A child that goes on when the process that was started ends.
    private static let forked = """
        pid = os.fork()
        if pid:
            say(f"MAINPID={pid}")
            sys.exit(0)

        """
    /// The same in the way of daemons: in a session of its own, with nobody left who started it.
    private static let daemon = """
        reading, writing = os.pipe()
        if os.fork():
            os.read(reading, 1)
            sys.exit(0)
        os.setsid()
        if os.fork(): os._exit(0)
        while os.getppid() != int(os.environ.get("REAPER", 0)): os.sched_yield()
        say(f"MAINPID={os.getpid()}\\nREADY=1")
        os.write(writing, b"x")

        """

    @Test func `the end of the process that took over is the one that is told`() async throws {
        let record = try await start(Self.forked + "open('fifo').read(); sys.exit(7)")
        #expect(record.state == .running)
        #expect(record.pid == record.notices.mainPID)
        #expect(ProcessStatus(pid: record.pid)?.startTicks == record.startTicks)
        workshop.release("fifo")
        let end = try #require(await processes.ended(key))
        #expect(end.reason == .exit(code: 7))
        #expect(processes.record(key)?.pid == record.pid)
        #expect(!processes.signal(key, SIGTERM))
        #expect(ProcessStatus(pid: record.pid)?.startTicks != record.startTicks)
    }

    @Test func `a daemon that left the session is known by its marks, and killed with what it starts`() async throws {
        let script = Self.daemon + "os.spawnvpe(os.P_NOWAIT, 'sleep', ['sleep', '1000'], {'PATH': '/usr/bin:/bin'}); "
        let wait = "open('fifo').read()"
        let marks = marks + ["REAPER=\(getpid())"]
        let record = try await start(script + wait, marks: marks)
        #expect(ProcessStatus(pid: record.pid)?.session != record.pid)
        #expect(record.notices.isReady)
        #expect(await processes.kill(key) == [])
        #expect(await processes.ended(key)?.reason == .signal(SIGKILL, coreDumped: false))
    }

    @Test func `a signal goes to its group, or to it alone`() async throws {
        let record = try await start(Self.forked + "open('fifo').read()")
        #expect(processes.signal(key, SIGTERM))
        #expect(await processes.ended(key)?.signal == SIGTERM)
        #expect(record.pid == processes.record(key)?.pid)
    }

    @Test func `one in a group that another leads is signalled alone`() async throws {
        let script = """
            leader = os.fork()
            if leader == 0:
                os.setpgid(0, 0)
                print(os.getpid(), flush=True)
                open('other').read()
            while os.getpgid(leader) != leader: os.sched_yield()
            os.setpgid(0, leader)
            say("READY=1")
            open('fifo').read()
            """
        workshop.makeFIFO("other")
        let record = try await start(Self.forked + script)
        if !record.notices.isReady { _ = await processes.notices(key, beyond: record.notices.version) }
        _ = await processes.output(key, beyond: .start)
        let output = String(decoding: try SpoolReader(path: workshop.path("output")).read().bytes, as: UTF8.self)
        let leader = try #require(Int32(output.dropLast()))
        #expect(getpgid(record.pid) == leader)
        #expect(processes.signal(key, SIGTERM))
        #expect(await processes.ended(key)?.signal == SIGTERM)
        #expect(ProcessStatus(pid: leader)?.isGone == false)
        #expect(await processes.kill(key) == [])
        #expect(ProcessStatus(pid: leader)?.isGone != false)
    }

    @Test func `it may hand over in turn`() async throws {
        let second = "open('fifo').read()\n" + Self.forked + "open('other').read(); sys.exit(4)"
        workshop.makeFIFO("other")
        let record = try await start(Self.forked + second)
        workshop.release("fifo")
        let state = try #require(await processes.notices(key, beyond: record.notices.version + 1))
        let next = try #require(processes.record(key))
        #expect(next.pid == state.mainPID)
        #expect(next.pid != record.pid)
        workshop.release("other")
        #expect(await processes.ended(key)?.exitCode == 4)
    }

    @Test func `it may end at once`() async throws {
        let script = """
            pid = os.fork()
            if pid:
                say(f"MAINPID={pid}")
                answer, barrier = os.pipe()
                say("BARRIER=1", [barrier])
                os.close(barrier)
                os.read(answer, 1)
                os._exit(0)
            while os.getppid() != \(getpid()): os.sched_yield()
            os._exit(3)
            """
        for number in 0..<20 {
            let path = workshop.path("notify")
            let end = try await workshop.run(workshop.notifyingPython(script, path: path), key: "\(number)").end
            #expect(end.reason == .exit(code: 3))
        }
    }

    @Test func `where somebody else waits for it, its end is not known`() async throws {
        let script = """
            reading, writing = os.pipe()
            if os.fork():
                say("MAINPID=" + os.read(reading, 9).decode())
                sys.exit(0)
            pid = os.fork()
            if pid:
                os.write(writing, str(pid).encode())
                open('other').read()
            open('fifo').read()
            sys.exit(5)
            """
        workshop.makeFIFO("other")
        _ = try await start(script)
        workshop.release("fifo")
        let end = try #require(await processes.ended(key))
        #expect(end.reason == .unknown)
        #expect(end.exitCode == nil && end.signal == nil)
        #expect(await processes.kill(key) == [])
    }

    @Test(arguments: ["1", "REAPER", "SELF", "999999999"])
    func `a process that is not its own takes over nothing`(claim: String) async throws {
        let pid = claim == "REAPER" ? "\(getpid())" : claim == "SELF" ? "{os.getpid()}" : claim
        let script = "say(f'MAINPID=\(pid)'); open('fifo').read(); sys.exit(6)"
        let record = try processes.start(
            workshop.notifyingPython(script, path: workshop.path("notify")),
            key: key
        )
        #expect(await processes.notices(key, beyond: 0)?.mainPID != nil)
        workshop.release("fifo")
        #expect(await processes.ended(key)?.exitCode == 6)
        #expect(processes.record(key)?.pid == record.pid)
    }

    @Test func `a process of another tree takes over nothing`() async throws {
        let other = try processes.start(workshop.shell("read x < fifo", name: "other"), key: ProcessKey("other"))
        let script = "say('MAINPID=\(other.pid)'); sys.exit(2)"
        let end = try await workshop.run(workshop.notifyingPython(script, path: workshop.path("notify"))).end
        #expect(end.exitCode == 2)
        workshop.release("fifo")
        #expect(await processes.ended(ProcessKey("other"))?.exitCode == 0)
    }

    @Test func `one that ends before the process that named it takes over nothing`() async throws {
        let script = """
            pid = os.fork()
            if pid == 0: open('fifo').read(); os._exit(3)
            say(f"MAINPID={pid}\\nREADY=1")
            os.waitpid(pid, 0)
            open('other').read()
            sys.exit(1)
            """
        workshop.makeFIFO("other")
        try processes.start(workshop.notifyingPython(script, path: workshop.path("notify")), key: key)
        #expect(await processes.notices(key, beyond: 0)?.isReady == true)
        workshop.release("fifo")
        workshop.release("other")
        #expect(await processes.ended(key)?.exitCode == 1)
    }
}
