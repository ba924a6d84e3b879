import Glibc
import Testing

@testable import ReeveProcess

@Suite(.timeLimit(.minutes(5))) struct EndTests {
    let workshop: Workshop

    init() throws {
        workshop = try Workshop()
    }

    @Test(arguments: [0, 1, 7, 75, 255])
    func `the exit code is exact`(code: Int32) async throws {
        let end = try await workshop.run(workshop.shell("exit \(code)")).end
        #expect(end.reason == .exit(code: code))
        #expect(end.exitCode == code)
        #expect(end.signal == nil)
    }

    @Test(arguments: [SIGTERM, SIGKILL, SIGSEGV, SIGHUP])
    func `the signal is exact`(signal: Int32) async throws {
        var specification = workshop.shell("kill -\(signal) $$")
        specification.limits = [ResourceLimit(.core, 0)]
        let end = try await workshop.run(specification).end
        #expect(end.reason == .signal(signal, coreDumped: false))
        #expect(end.exitCode == nil)
    }

    @Test(.enabled(if: writesCores, "needs core files that are written where the process runs"))
    func `that a core was dumped is told`() async throws {
        var specification = workshop.shell("kill -SEGV $$")
        specification.limits = [ResourceLimit(.core, 64 << 20)]
        let end = try await workshop.run(specification).end
        #expect(end.reason == .signal(SIGSEGV, coreDumped: true))
    }

    /// Whoever is handed cores through a pipe, or a folder that others watch, is not to be bothered by a test.
    private static let writesCores: Bool = {
        guard let file = fopen("/proc/sys/kernel/core_pattern", "r") else { return false }
        defer { fclose(file) }
        let first = fgetc(file)
        return first != CInt(UInt8(ascii: "|")) && first != CInt(UInt8(ascii: "/"))
    }()

    @Test func `what it used is told`() async throws {
        let end = try await workshop.run(workshop.shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")).end
        #expect(end.usage.userTime > .zero)
        #expect(end.duration >= end.usage.userTime)
        #expect(end.endedAt == Workshop.startOfTime + end.duration.wholeMilliseconds)
    }

    @Test func `memory is told where it is the process's own, and not the agent's that it began with`() async throws {
        let small = try await workshop.run(workshop.shell("exit 0"), key: "small").end
        #expect(small.usage.maximumResident == nil)
        let command = "x=$(head -c 400000000 /dev/zero | tr '\\0' x); exit 0"
        let large = try await workshop.run(workshop.shell(command), key: "large").end
        #expect(try #require(large.usage.maximumResident) >= 400_000_000)
    }

    @Test func `a record tells who it is while it runs`() async throws {
        let key = ProcessKey("main")
        workshop.makeFIFO("fifo")
        let record = try workshop.processes.start(workshop.shell("cat fifo"), key: key)
        #expect(record.state == .running)
        #expect(record.startedAt == Workshop.startOfTime)
        #expect(ProcessStatus(pid: record.pid)?.startTicks == record.startTicks)
        #expect(record.startTicks > 0)
        #expect(workshop.processes.record(key)?.end == nil)
        workshop.release("fifo")
        #expect(await workshop.processes.ended(key)?.exitCode == 0)
    }

    @Test func `records stay until they are forgotten, with everything in them`() async throws {
        let key = ProcessKey("main")
        let end = try await workshop.run(workshop.shell("echo out; echo error >&2; exit 3")).end
        let record = try #require(workshop.processes.record(key))
        #expect(record.state == .ended(end))
        #expect(record.output.output == 4)
        #expect(record.output.error == 6)
        #expect(record.output.dropped == 0)
        #expect(record.output.isComplete)
        #expect(workshop.processes.records == [record])
        #expect(await workshop.processes.ended(key) == end)
        #expect(workshop.processes.forget(key))
        #expect(!workshop.processes.forget(key))
        #expect(workshop.processes.record(key) == nil)
        #expect(workshop.processes.records.isEmpty)
    }

    @Test func `who listens hears of the ends before and after, each once`() async throws {
        _ = try await workshop.run(workshop.shell("exit 1"), key: "before")
        var first = workshop.processes.ends().makeAsyncIterator()
        var second = workshop.processes.ends().makeAsyncIterator()
        _ = try await workshop.run(workshop.shell("exit 2"), key: "after")
        for code: Int32 in [1, 2] {
            #expect(await first.next()?.end?.exitCode == code)
            #expect(await second.next()?.end?.exitCode == code)
        }
    }

    @Test func `a wait ends with its task, and for what is not known`() async throws {
        let key = ProcessKey("main")
        #expect(await workshop.processes.ended(key) == nil)
        #expect(await workshop.processes.output(key, beyond: .start) == nil)
        try workshop.processes.start(workshop.shell("exec sleep 1000"), key: key)
        await withTaskGroup(of: Bool.self) { [processes = workshop.processes] group in
            group.addTask { await processes.ended(key) == nil }
            group.addTask { await processes.output(key, beyond: .start) == nil }
            group.cancelAll()
            for await answer in group { #expect(answer) }
        }
        #expect(workshop.processes.record(key)?.state == .running)
        #expect(await workshop.processes.kill(key) == [])
    }

    @Test func `200 at once all end, and no zombie is left`() async throws {
        let count = 200
        var ends = workshop.processes.ends().makeAsyncIterator()
        let codes = try await withThrowingTaskGroup(of: Int32?.self) { [workshop] group in
            for number in 0..<count {
                group.addTask {
                    let specification = workshop.shell("echo \(number); exit \(number)", name: "output-\(number)")
                    let result = try await workshop.run(specification, key: "\(number)")
                    return result.text == "\(number)\n" ? result.end.exitCode : nil
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(codes) == Set((0..<count).map { Int32($0) }))
        var heard = Set<ProcessKey>()
        for _ in 0..<count { if let record = await ends.next() { heard.insert(record.key) } }
        #expect(heard.count == count)
        for record in workshop.processes.records {
            #expect(ProcessStatus(pid: record.pid)?.startTicks != record.startTicks)
        }
    }
}
