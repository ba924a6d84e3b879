import Glibc
import Testing

@testable import ReeveProcess

@Suite(.timeLimit(.minutes(5))) struct OutputTests {
    let workshop: Workshop
    let key = ProcessKey("main")

    init() throws {
        workshop = try Workshop()
    }

    @Test func `both streams are told apart, in the order of arrival, and can be followed`() async throws {
        // One for each: a FIFO that is still open for writing would let the next reader go on as well.
        workshop.makeFIFO("one")
        workshop.makeFIFO("two")
        let script = "echo one; read x < one; echo two >&2; read x < two; echo three"
        try workshop.processes.start(workshop.shell(script), key: key)
        let reader = SpoolReader(path: workshop.path("output"))
        var position = SpoolPosition.start
        for (stream, text) in [(OutputStream.output, "one\n"), (.error, "two\n"), (.output, "three\n")] {
            let counts = try #require(await workshop.processes.output(key, beyond: position))
            #expect(counts.position > position)
            let page = try reader.read(after: position)
            #expect(page.chunks.map(\.stream) == [stream])
            #expect(page.bytes == Array(text.utf8))
            #expect(page.chunks.first?.time == Workshop.startOfTime)
            #expect(page.atEnd)
            #expect(page.next == counts.position)
            position = page.next
            if text != "three\n" { workshop.release(String(text.dropLast())) }
        }
        #expect(await workshop.processes.output(key, beyond: position)?.isComplete == true)
        #expect(try reader.read(stream: .error).bytes == Array("two\n".utf8))
    }

    @Test func `nothing is created without output`() async throws {
        _ = try await workshop.run(workshop.shell("true"))
        #expect(access(workshop.path("output"), F_OK) != 0)
        #expect(workshop.processes.record(key)?.output.bytes == 0)
    }

    @Test func `folders above the spool are created with it, for nobody else to read`() async throws {
        var specification = workshop.shell("echo x")
        specification.output = SpoolSpecification(path: workshop.path("a/b/c"), quota: 10_000)
        #expect(try await workshop.run(specification).text == "x\n")
        var status = stat()
        stat(workshop.path("a/b/c"), &status)
        #expect(status.st_mode & 0o777 == 0o600)
        stat(workshop.path("a/b"), &status)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test func `beyond its quota the head and the tail are kept and the rest is counted`() async throws {
        let quota = 64 * 1024
        let total = 588_895  // what seq writes
        var specification = workshop.shell("seq 100000")
        specification.output = workshop.spool(quota: quota)
        let result = try await workshop.run(specification)
        let counts = try #require(workshop.processes.record(key)?.output)
        #expect(counts.output == 588_895)
        #expect(result.output.count + Int(counts.droppedOutput) == total)
        #expect(result.output.count > quota * 3 / 4)
        #expect(result.text.hasPrefix("1\n2\n3\n"))
        #expect(result.text.hasSuffix("\n99999\n100000\n"))
        var status = stat()
        stat(workshop.path("output"), &status)
        #expect(status.st_size <= quota)
        let page = try SpoolReader(path: workshop.path("output")).read()
        #expect(page.droppedOutput == counts.droppedOutput)
    }

    @Test func `a spool that cannot be written never stops the process`() async throws {
        workshop.write("", to: "file")
        var specification = workshop.shell("seq 100000; exit 4")
        specification.output = SpoolSpecification(path: workshop.path("file/below"), quota: 10_000)
        try workshop.processes.start(specification, key: key)
        #expect(await workshop.processes.ended(key)?.exitCode == 4)
        let counts = try #require(workshop.processes.record(key)?.output)
        #expect(counts.spoolError == ENOTDIR)
        #expect(counts.droppedOutput == 588_895)
    }

    @Test func `without a spool output is counted and thrown away`() async throws {
        var specification = workshop.shell("seq 100000")
        specification.output = nil
        try workshop.processes.start(specification, key: key)
        #expect(await workshop.processes.ended(key)?.exitCode == 0)
        #expect(workshop.processes.record(key)?.output.dropped == 588_895)
    }

    @Test func `what is left in the background delays no end, and lives on`() async throws {
        var specification = workshop.shell("sleep 1000 & echo $!")
        specification.outputGrace = .milliseconds(20)
        let result = try await workshop.run(specification)
        let pid = try #require(Int32(result.text.dropLast()))
        #expect(result.end.exitCode == 0)
        #expect(ProcessStatus(pid: pid)?.isGone == false)
        #expect(await workshop.processes.kill(key) == [])
        #expect(ProcessStatus(pid: pid)?.isGone != false)
    }

    @Test func `output that comes within the grace is kept`() async throws {
        workshop.makeFIFO("fifo")
        var specification = workshop.shell("(read x < fifo; echo late) & echo early")
        specification.outputGrace = .seconds(50)
        try workshop.processes.start(specification, key: key)
        let counts = try #require(await workshop.processes.output(key, beyond: .start))
        workshop.release("fifo")
        _ = await workshop.processes.ended(key)
        #expect(counts.output == 6)
        #expect(try SpoolReader(path: workshop.path("output")).read().bytes == Array("early\nlate\n".utf8))
    }

    @Test func `a process that closes its output early still runs to its end`() async throws {
        workshop.makeFIFO("fifo")
        try workshop.processes.start(workshop.shell("echo x; exec >&- 2>&-; read x < fifo; exit 9"), key: key)
        #expect(await workshop.processes.output(key, beyond: .start)?.output == 2)
        workshop.release("fifo")
        #expect(await workshop.processes.ended(key)?.exitCode == 9)
    }
}
