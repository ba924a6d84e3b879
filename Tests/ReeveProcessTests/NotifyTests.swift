import Glibc
import Testing

@testable import ReeveProcess

@Suite(.timeLimit(.minutes(5))) struct NotifyTests {
    let workshop: Workshop
    let key = ProcessKey("main")
    var processes: Processes { workshop.processes }
    var path: String { workshop.path("notify") }

    init() throws {
        workshop = try Workshop()
    }

    private func shell(_ script: String, path: String? = nil) -> ProcessSpecification {
        workshop.notifyingShell(script, path: path ?? self.path)
    }

    private func python(_ script: String, path: String? = nil) -> ProcessSpecification {
        workshop.notifyingPython(script, path: path ?? self.path)
    }

    private func mode(of path: String) -> (owner: UInt32, mode: mode_t)? {
        var status = stat()
        return lstat(path, &status) == 0 ? (status.st_uid, status.st_mode) : nil
    }

    @Test func `what any process of a service says is heard, and its socket goes with it`() async throws {
        workshop.makeFIFO("one")
        workshop.makeFIFO("two")
        let script = """
            systemd-notify --ready --status='up and well'; read x < one
            systemd-notify STOPPING=1 MAINPID=1; read x < two
            """
        try processes.start(shell(script), key: key)
        let first = try #require(await processes.notices(key, beyond: 0))
        #expect(first.isReady && !first.isStopping)
        #expect(first.status == "up and well")
        workshop.release("one")
        let second = try #require(await processes.notices(key, beyond: first.version))
        #expect(second.isReady && second.isStopping)
        #expect(processes.record(key)?.notices == second)
        #expect(mode(of: path) != nil)
        workshop.release("two")
        #expect(await processes.ended(key)?.exitCode == 0)
        #expect(mode(of: path) == nil)
        #expect(processes.record(key)?.notices == second)
        #expect(await processes.notices(key, beyond: 0) == nil)
    }

    @Test func `what was said while nobody listened is there for who asks later`() async throws {
        workshop.makeFIFO("fifo")
        try processes.start(shell("systemd-notify --ready; echo said; read x < fifo"), key: key)
        #expect(await processes.output(key, beyond: .start)?.output == 5)
        let state = try #require(await processes.notices(key, beyond: 0))
        #expect(state.isReady)
        #expect(processes.record(key)?.notices == state)
        workshop.release("fifo")
        #expect(await processes.ended(key)?.exitCode == 0)
    }

    @Test func `what it says last is heard before its end is told`() async throws {
        // Also behind a descriptor that is still being closed.
        let script = "say('WATCHDOG=1', [0]); say('STATUS=going'); say('STOPPING=1'); sys.exit(9)"
        try processes.start(python(script), key: key)
        #expect(await processes.ended(key)?.exitCode == 9)
        #expect(processes.record(key)?.notices.status == "going")
        #expect(processes.record(key)?.notices.isStopping == true)
    }

    @Test func `descriptors that come with a message are closed, after all before was taken over`() async throws {
        let script = """
            reading, writing = os.pipe()
            say("READY=1")
            say("BARRIER=1", [writing])
            os.close(writing)
            print(os.read(reading, 1) == b"", flush=True)
            open("fifo").read()
            """
        workshop.makeFIFO("fifo")
        try processes.start(python(script), key: key)
        #expect(await processes.output(key, beyond: .start)?.output == 5)
        #expect(processes.record(key)?.notices.isReady == true)
        #expect(try SpoolReader(path: workshop.path("output")).read().bytes == Array("True\n".utf8))
        workshop.release("fifo")
        #expect(await processes.ended(key)?.exitCode == 0)
    }

    @Test func `every message of a flood is counted, and others get their turn`() async throws {
        let flood = "for number in range(2000): say('WATCHDOG=1\\n' + 'X=' + 'x' * 500)"
        try processes.start(python(flood), key: key)
        let endless = python("while True: say('X=' + 'x' * 200)", path: workshop.path("endless"))
        try processes.start(endless, key: ProcessKey("endless"))
        for number in 0..<20 {
            #expect(try await workshop.run(workshop.shell("exit 3"), key: "\(number)").end.exitCode == 3)
        }
        #expect(await processes.ended(key)?.exitCode == 0)
        #expect(processes.record(key)?.notices.watchdogs == 2000)
        #expect(await processes.kill(ProcessKey("endless")) == [])
        #expect(await processes.ended(ProcessKey("endless"))?.signal == SIGKILL)
        #expect(processes.record(ProcessKey("endless"))?.notices == NotifyState())
    }

    /// To close a socket that lingers takes as long as who made it wants, and so does one with such a one in its queue.
    @Test(arguments: [false, true])
    func `descriptors that can not be closed at once keep nobody waiting`(isNested: Bool) async throws {
        // Each time a process of its own sends it, so that it is ours alone when that one has ended.
        let script = """
            import struct
            def send():
                listener = socket.create_server(("127.0.0.1", 0))
                passed = socket.create_connection(listener.getsockname())
                passed.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1000))
                passed.setblocking(False)
                try:
                    while True: passed.send(b"x" * 65536)
                except BlockingIOError: pass
                if len(sys.argv) > 1:
                    lingering = passed
                    passed, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
                    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [lingering.fileno()]))]
                    other.sendmsg([b"x"], control)
                say("READY=1", [passed.fileno()])
                os._exit(0)
            for number in range(5):
                if os.fork() == 0: send()
            if len(sys.argv) == 1:
                for number in range(5): os.wait()
                say("STATUS=afterwards")
            open("fifo").read()
            """
        workshop.makeFIFO("fifo")
        var specification = python(script)
        if isNested { specification.arguments.append("nested") }
        try processes.start(specification, key: key)
        var state = try #require(await processes.notices(key, beyond: 0))
        #expect(state.isReady)
        while !isNested, state.status == nil {
            state = try #require(await processes.notices(key, beyond: state.version))
        }
        #expect(try await workshop.run(workshop.shell("exit 3", name: "other"), key: "other").end.exitCode == 3)
        workshop.release("fifo")
        #expect(await processes.ended(key)?.exitCode == 0)
    }

    @Test func `many descriptors are closed, and what comes with them is heard`() async throws {
        let script = """
            null = [os.open("/dev/null", os.O_RDONLY)] * 250
            for number in range(100): say("WATCHDOG=1", null)
            open("fifo").read()
            """
        workshop.makeFIFO("fifo")
        try processes.start(python(script), key: key)
        var state = NotifyState()
        while state.watchdogs < 100 { state = try #require(await processes.notices(key, beyond: state.version)) }
        workshop.release("fifo")
        #expect(await processes.ended(key)?.exitCode == 0)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can start processes of other users"))
    func `only its own user and root can send to it`() async throws {
        chmod(workshop.folder, 0o711)
        let path = workshop.path("run/service/notify")
        var service = shell("read x < fifo")
        service.notifySocket = NotifySocketSpecification(path: path)
        service.user = ProcessUser(user: 65_534, group: 65_534)
        service.workingDirectory = "/"
        service.arguments = ["/bin/sleep", "1000"]
        try processes.start(service, key: key)
        let attributes = try #require(mode(of: path))
        #expect(attributes.owner == 65_534)
        #expect(attributes.mode & 0o777 == 0o600)
        #expect(mode(of: workshop.path("run"))?.mode == S_IFDIR | 0o711)
        for (user, code) in [(65_533, 13), (65_534, 0), (0, 0)] as [(UInt32, Int32)] {
            let script =
                Workshop.prelude + """
                    try: say("STATUS=\(user)")
                    except OSError as error: sys.exit(error.errno)
                    """
            let specification = ProcessSpecification(
                arguments: ["/usr/bin/python3", "-c", script],
                environment: Workshop.environment(path),
                user: ProcessUser(user: user, group: 65_534)
            )
            try processes.start(specification, key: ProcessKey("\(user)"))
            #expect(await processes.ended(ProcessKey("\(user)"))?.exitCode == code)
        }
        let state = try #require(await processes.notices(key, beyond: 1))
        #expect(state.status == "0")
        #expect(state.version == 2)
        #expect(await processes.kill(key) == [])
        _ = await processes.ended(key)
        #expect(mode(of: path) == nil)
    }

    @Test func `a socket that was left is replaced, anything else is not`() async throws {
        let left = try NotifySocket.make(NotifySocketSpecification(path: path), for: nil).take()
        try processes.start(shell("systemd-notify --ready"), key: key)
        #expect(await processes.ended(key)?.exitCode == 0)
        #expect(processes.record(key)?.notices.isReady == true)
        close(left)
        workshop.write("mine", to: "notify")
        #expect(throws: StartError(.notifySocket, errno: EADDRINUSE, path: path)) {
            try processes.start(shell("true"), key: ProcessKey("other"))
        }
        #expect(mode(of: path) != nil)
    }

    @Test func `a path that no socket can have is told`() throws {
        var specification = shell("true")
        let long = workshop.path(String(repeating: "x", count: 100))
        specification.notifySocket = NotifySocketSpecification(path: long)
        let error = try #require(throws: StartError.self) { try processes.start(specification, key: key) }
        #expect(error.errno == ENAMETOOLONG)
        #expect(error.description.hasSuffix("its path is \(long.utf8.count) bytes long, and Linux takes 107"))
        specification.notifySocket = NotifySocketSpecification(path: "notify")
        let other = try #require(throws: StartError.self) { try processes.start(specification, key: key) }
        #expect(other.description == "cannot make the notify socket notify: it is not an absolute path")
    }

    @Test func `nothing is left of the socket where the start fails`() throws {
        var specification = shell("")
        specification.arguments = ["/no/such/program"]
        #expect(throws: StartError.self) { try processes.start(specification, key: key) }
        #expect(mode(of: path) == nil)
    }

    @Test func `a wait ends with its task, with the process, and for what is not known`() async throws {
        #expect(await processes.notices(key, beyond: 0) == nil)
        workshop.makeFIFO("fifo")
        try processes.start(shell("read x < fifo"), key: key)
        await withTaskGroup(of: NotifyState?.self) { [processes, key] group in
            group.addTask { await processes.notices(key, beyond: 0) }
            group.cancelAll()
            #expect(await group.next() == .some(nil))
        }
        await withTaskGroup(of: NotifyState?.self) { [processes, key, workshop] group in
            group.addTask { await processes.notices(key, beyond: 0) }
            workshop.release("fifo")
            #expect(await group.next() == .some(nil))
        }
    }
}
