import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveProcess
@testable import ReeveRunner

/// What is answered of the output of runs: of spools on disk, written as processes' are.
struct RunOutputTests {
    private let folder: TemporaryFolder
    private let paths: RunPaths

    init() throws {
        folder = try TemporaryFolder()
        paths = RunPaths(stateDirectory: folder.path)
    }

    private func run(_ steps: RunStep...) -> Run {
        var run = Run(
            id: "r",
            task: "backup",
            number: 1,
            revision: 1,
            trigger: .manual,
            createdAt: Machine.start
        )
        run.steps = steps
        return run
    }

    private func step(_ name: String, attempt: Int = 1) -> RunStep {
        var step = RunStep(name: name)
        step.status = .stopped
        step.attempt = attempt
        return step
    }

    /// Writes the spool of one try.
    private func write(_ name: String, attempt: Int = 1, _ pieces: (time: Int64, text: String)...) {
        let path = paths.output(run: "r", step: step(name, attempt: attempt))
        var writer = SpoolWriter(SpoolSpecification(path: path, quota: 1 << 20))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SpoolWriter.room + 1000, alignment: 8)
        defer { buffer.deallocate() }
        for piece in pieces {
            for (index, byte) in piece.text.utf8.enumerated() { buffer[SpoolWriter.room + index] = byte }
            writer.append(.output, from: buffer, count: piece.text.utf8.count, time: piece.time)
        }
        writer.finish()
    }

    private func tail(_ count: Int, _ run: Run) throws -> (text: String, page: RunOutput.Page) {
        let page = try #require(RunOutput(of: run, paths: paths)).read(tail: count)
        return (String(decoding: page.pieces.flatMap(\.chunk.bytes), as: UTF8.self), page)
    }

    @Test func `the last bytes of many steps are those that came last, in their order`() throws {
        write("a", (10, "a1 "), (40, "a2 "), (50, "a3 "))
        write("b", (20, "b1 "), (40, "b2 "))
        write("c", (5, "c1 "), (60, "c2 "))
        let run = run(step("a"), step("b"), step("c"))
        #expect(try tail(100, run).text == "c1 a1 b1 a2 b2 a3 c2 ")
        #expect(try tail(12, run).text == "a2 b2 a3 c2 ")
        #expect(try tail(8, run).text == "2 a3 c2 ")
        #expect(try tail(1, run).text == " ")
        let page = try tail(8, run).page
        #expect(page.pieces.map(\.step) == ["b", "a", "c"] && page.isEnd && page.dropped == 0)
        let rest = try #require(RunOutput(of: run, paths: paths)).read(after: page.next, limit: 100)
        #expect(rest.pieces.isEmpty && rest.isEnd)
    }

    @Test func `within a step the order is that of its file though the clock was set back`() throws {
        write("a", (50, "a1 "), (10, "a2 "), (60, "a3 "))
        write("b", (20, "b1 "), (55, "b2 "))
        #expect(try tail(100, run(step("a"), step("b"))).text == "b1 a1 a2 b2 a3 ")
        #expect(try tail(100, run(step("a"))).text == "a1 a2 a3 ")
    }

    @Test func `of files that made room the record tells how much there was`() throws {
        var last = step("a", attempt: 3)
        last.output = OutputSummary(bytes: 7, dropped: 0)
        last.earlierOutput = OutputSummary(bytes: 30, dropped: 0)
        func dropped() throws -> Set<Int> {
            let output = try #require(RunOutput(of: run(last), paths: paths))
            return [
                try output.read(tail: 100).dropped, try output.read(after: RunOutput.Position(), limit: 100).dropped,
            ]
        }
        #expect(try dropped() == [37])
        write("a", attempt: 3, (1, "1234567"))
        #expect(try dropped() == [30])
        write("a", attempt: 1, (1, "12345"))
        #expect(try dropped() == [0], "of which of the earlier tries it was is not known")
    }

    @Test func `a run has one room for its output until it ends, whoever carries it`() {
        let total = SpoolBudget(limit: 100)
        let custody = RunCustody(outputPerRun: { 60 }, within: total)
        let room = custody.begin("r")
        #expect(room.take(50) && total.used == 50)
        #expect(custody.begin("r") == room && custody.has("r") && !custody.has("s"))
        #expect(custody.begin("s").used == 0)
        custody.end("r")
        #expect(!custody.has("r") && custody.begin("r") != room)
        #expect(total.used == 50, "the files are there still")
    }
}
