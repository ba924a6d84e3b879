import Glibc
import TestSupport
import Testing

@testable import ReeveProcess

@Suite(.timeLimit(.minutes(5))) struct TreeTests {
    let workshop: Workshop
    let key = ProcessKey("main")

    init() throws {
        workshop = try Workshop()
    }

    /// Starts a shell and waits until it says how far it is.
    private func start(_ script: String, marks: [String] = []) async throws {
        var specification = workshop.shell(script, environment: [Workshop.path] + marks)
        specification.marks = marks
        try workshop.processes.start(specification, key: key)
        // What it says on its error stream may be heard first.
        var counts = OutputCounts()
        while counts.output == 0 {
            counts = try #require(await workshop.processes.output(key, beyond: counts.position))
            try #require(counts.output > 0 || !counts.isComplete)
        }
    }

    private func isGone(_ pid: Int32) -> Bool {
        ProcessStatus(pid: pid)?.isGone != false
    }

    private func pids() throws -> [Int32] {
        // What stands on the error stream may come in the middle of a line.
        let bytes = try SpoolReader(path: workshop.path("output")).read(stream: .output).bytes
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Int32($0) }
    }

    @Test func `a signal reaches the group, or the process alone`() async throws {
        try await start("trap 'exit 5' TERM; sleep 1000 & echo $!; wait")
        let background = try #require(pids().first)
        #expect(workshop.processes.signal(key, SIGTERM, toGroup: false))
        #expect(await workshop.processes.ended(key)?.exitCode == 5)
        #expect(!isGone(background))
        #expect(!workshop.processes.signal(key, SIGTERM))
        #expect(await workshop.processes.kill(key) == [])
        #expect(isGone(background))
    }

    @Test func `the whole group hears a signal`() async throws {
        try await start("trap 'wait; exit 6' TERM; sh -c 'echo $$; exec sleep 1000' & wait")
        let background = try #require(pids().first)
        #expect(workshop.processes.signal(key, SIGTERM))
        #expect(await workshop.processes.ended(key)?.exitCode == 6)
        #expect(isGone(background))
    }

    @Test func `what ignores SIGTERM is killed`() async throws {
        try await start("trap '' TERM; echo $$; while :; do sleep 1000; done")
        #expect(workshop.processes.signal(key, SIGTERM, toGroup: false))
        #expect(await workshop.processes.kill(key) == [])
        #expect(await workshop.processes.ended(key)?.signal == SIGKILL)
    }

    @Test func `a stopped process is killed`() async throws {
        try await start("echo $$; kill -STOP $$")
        #expect(await workshop.processes.kill(key) == [])
        #expect(await workshop.processes.ended(key)?.signal == SIGKILL)
    }

    @Test func `children that left the session die with it, whatever their environment`() async throws {
        try await start("env -i /usr/bin/setsid /bin/sleep 1000 & (env -i /bin/sleep 1000 &) ; echo $!; wait")
        let gone = try #require(pids().first)
        #expect(await workshop.processes.kill(key) == [])
        #expect(isGone(gone))
        #expect(await workshop.processes.ended(key)?.signal == SIGKILL)
    }

    @Test func `double forks that left the session are known by their marks, also after the end`() async throws {
        let marks = ["REEVE_RUN=\(workshop.folder)", "REEVE_STEP=main"]
        workshop.makeFIFO("fifo")
        try await start("(setsid sh -c 'sleep 1000 & echo > fifo; wait' &); read x < fifo; echo ready", marks: marks)
        #expect(await workshop.processes.ended(key)?.exitCode == 0)
        let record = try #require(workshop.processes.record(key))
        let tree = ProcessTree(pid: 999_999_999, startTicks: record.startTicks, marks: marks)
        #expect(tree.members().count == 2)
        #expect(await workshop.processes.kill(key) == [])
        #expect(tree.members() == [])
    }

    @Test func `marks are those of one only if all are there`() async throws {
        let mark = "REEVE_RUN=\(workshop.folder)"
        try await start("echo $$; exec sleep 1000", marks: [mark, "REEVE_STEP=other"])
        let record = try #require(workshop.processes.record(key))
        let stranger = ProcessTree(pid: 999_999_999, startTicks: 0, marks: [mark, "REEVE_STEP=main"])
        #expect(stranger.members() == [])
        #expect(await workshop.processes.kill(leftovers: stranger) == [])
        #expect(workshop.processes.record(key)?.state == .running)
        let leftover = ProcessTree(pid: record.pid, startTicks: record.startTicks, marks: [])
        #expect(leftover.members().map(\.pid) == [record.pid])
        #expect(await workshop.processes.kill(leftovers: leftover) == [])
        #expect(await workshop.processes.ended(key)?.signal == SIGKILL)
    }

    @Test func `orphans are waited for`() async throws {
        try await expectOrphansAreWaitedFor()
    }

    @Test func `they are though a child of somebody else is left to be waited for before them`() async throws {
        let (left, enough) = (try Fifo(workshop.path("left")), try Fifo(workshop.path("enough")))
        // The kernel looks through the children of one thread after another, beginning with those of who asks: those of a
        // thread that is younger come before the orphans, which are the first one's.
        async let other: Void = onOwnThread {
            var pid: pid_t = 0
            var arguments = [strdup("/bin/true"), nil]
            defer { free(arguments[0]) }
            // In our own session, as libraries start their children.
            let status = posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil)
            guard status == 0 else { throw SystemFailure("start /bin/true", status) }
            defer { waitpid(pid, nil, 0) }
            var information = siginfo_t()
            guard waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == 0 else { throw SystemFailure("wait") }
            for (path, mode) in [(left.path, "we"), (enough.path, "re")] {
                guard let file = fopen(path, mode) else { throw SystemFailure("open \(path)") }
                if mode == "re" { _ = fgetc(file) }
                fclose(file)
            }
        }
        // It has ended, and nobody has waited for it: an end of the file is all that comes.
        await #expect(throws: SystemFailure.self) { try await left.line() }
        try await expectOrphansAreWaitedFor()
        try await enough.write()
        try await other
    }

    private func expectOrphansAreWaitedFor() async throws {
        try workshop.processes.adoptOrphans()
        try await start("(sh -c 'read x < fifo' & echo $!)")
        let orphan = try #require(pids().first)
        #expect(await workshop.processes.ended(key)?.exitCode == 0)
        #expect(await workshop.processes.kill(key) == [])
        // Its end is one more thing for the thread that ends this run too: it is gone after some of them.
        for number in 0..<1000 where ProcessStatus(pid: orphan) != nil {
            _ = try await workshop.run(workshop.shell("exit 3"), key: "\(number)")
        }
        #expect(ProcessStatus(pid: orphan) == nil)
    }
}

@Suite struct ProcessTreeTests {
    private static func process(_ pid: Int32, parent: Int32, session: Int32, ticks: Int, state: String = "S")
        -> ProcessStatus
    {
        let text = "\(pid) (a) b) c) \(state) \(parent) \(pid) \(session) 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 \(ticks) 1 2"
        return ProcessStatus(Array(text.utf8))!
    }

    private static let processes = [
        process(1, parent: 0, session: 1, ticks: 0),
        process(50, parent: 1, session: 50, ticks: 40),
        process(100, parent: 50, session: 100, ticks: 200),
        process(101, parent: 100, session: 100, ticks: 201),
        process(102, parent: 101, session: 102, ticks: 202),
        process(103, parent: 102, session: 103, ticks: 203),
        process(104, parent: 1, session: 100, ticks: 204),
        process(105, parent: 1, session: 105, ticks: 205),
        process(106, parent: 100, session: 100, ticks: 206, state: "Z"),
        process(107, parent: 1, session: 107, ticks: 207),
        process(108, parent: 107, session: 107, ticks: 150),
    ]

    private func members(_ tree: ProcessTree, marked: Set<Int32> = []) -> [Int32] {
        tree.members(among: Self.processes) { marked.contains($0) }.map(\.pid)
    }

    @Test func `the session and all descendants belong to it, others do not`() {
        #expect(members(ProcessTree(pid: 100, startTicks: 200, marks: [])) == [100, 101, 102, 103, 104])
    }

    @Test func `marks count only where there are some`() {
        let tree = ProcessTree(pid: 100, startTicks: 200, marks: ["A=1"])
        #expect(members(tree, marked: [105]) == [100, 101, 102, 103, 104, 105])
        #expect(members(ProcessTree(pid: 100, startTicks: 200, marks: []), marked: [105]).contains(105) == false)
    }

    @Test func `what is older than it never belongs to it`() {
        #expect(members(ProcessTree(pid: 100, startTicks: 203, marks: ["A=1"]), marked: [50, 102]) == [104])
    }

    @Test func `a pid that another process has got names no session`() {
        #expect(members(ProcessTree(pid: 100, startTicks: 150, marks: [])) == [])
        #expect(members(ProcessTree(pid: 100, startTicks: 150, marks: ["A=1"]), marked: [105]) == [105])
    }

    @Test func `what the kernel says is read behind any name`() {
        let status = Self.process(7, parent: 3, session: 5, ticks: 99)
        #expect(status.pid == 7 && status.parent == 3 && status.session == 5 && status.startTicks == 99)
        #expect(ProcessStatus(Array("7 (x) S 1".utf8)) == nil)
        #expect(ProcessStatus([]) == nil)
        #expect(ProcessStatus(pid: 999_999_999) == nil)
    }
}

@Suite struct ChildCensusTests {
    @Test func `only who is nobody's child is an orphan`() {
        var census = ChildCensus()
        #expect(census.verdict(on: 7) == .orphan)
        census.willStart()
        #expect(census.verdict(on: 7) == .unsure)
        let looksAgain = census.didStart(7)
        #expect(looksAgain)
        #expect(census.verdict(on: 7) == .known)
        let again = census.didEnd(7)
        #expect(again)
        #expect(census.verdict(on: 7) == .orphan)
    }

    @Test func `nobody looks again for nothing`() {
        var census = ChildCensus()
        census.willStart()
        census.willStart()
        _ = census.verdict(on: 9)
        let first = census.didStart(7)
        #expect(!first)
        let second = census.didStart(nil)
        #expect(second)
        let third = census.didEnd(7)
        #expect(!third)
    }

    @Test func `a process that outlives who watched it is waited for by who looks for orphans`() async throws {
        let workshop = try Workshop()
        try workshop.processes.adoptOrphans()
        func startAndForget() throws -> (pid: pid_t, ends: AsyncStream<ChildRecord>) {
            let gone = try Workshop()
            let pid = try gone.processes.start(gone.shell("exec sleep 1000"), key: ProcessKey("main")).pid
            return (pid, gone.processes.ends())
        }
        let (pid, ends) = try startAndForget()
        for await _ in ends {}
        kill(pid, SIGKILL)
        // A zombie can be signalled still.
        while kill(pid, 0) == 0 { await Task.yield() }
        withExtendedLifetime(workshop) {}
    }
}
