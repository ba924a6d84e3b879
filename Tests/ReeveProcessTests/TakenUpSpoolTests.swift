import Glibc
import Testing

@testable import ReeveProcess

/// A process that outlives an agent goes on in the spool that it had.
@Suite struct TakenUpSpoolTests {
    let workshop: Workshop
    private var path: String { workshop.path("output") }

    init() throws {
        workshop = try Workshop()
    }

    private func specification(isTakenUp: Bool) -> SpoolSpecification {
        var specification = SpoolSpecification(path: path, head: 4096, tail: 8192)
        specification.isTakenUp = isTakenUp
        return specification
    }

    private func append(_ text: String, _ stream: OutputStream = .output, to writer: inout SpoolWriter) {
        var buffer = [UInt8](repeating: 0, count: SpoolWriter.room) + Array(text.utf8)
        buffer.withUnsafeMutableBytes { writer.append(stream, from: $0, count: text.utf8.count, time: 5) }
    }

    /// Writes as one agent that is killed, and then as the next: the same as if there had been only one.
    @Test(arguments: [[1], [30, 200], [100, 200, 3000], [3900, 400, 300], Array(repeating: 700, count: 40)])
    func `it holds what it would hold with one agent`(sizes: [Int]) throws {
        let pieces = sizes.enumerated().map { String(repeating: "\($0.offset % 10)", count: $0.element) }
        var single = SpoolWriter(SpoolSpecification(path: workshop.path("single"), head: 4096, tail: 8192))
        for (index, piece) in pieces.enumerated() { append(piece, index % 3 == 2 ? .error : .output, to: &single) }
        single.finish()
        let whole = try SpoolReader(path: workshop.path("single")).read(limit: 1 << 20)
        for count in 0...pieces.count {
            unlink(path)
            var first = SpoolWriter(specification(isTakenUp: false))
            for (index, piece) in pieces.prefix(count).enumerated() {
                append(piece, index % 3 == 2 ? .error : .output, to: &first)
            }
            // It is killed: nothing is written down any more.
            let next = specification(isTakenUp: true)
            var second = SpoolWriter(next, counts: next.prepare())
            #expect(second.counts.bytes == first.counts.bytes && second.counts.position == first.counts.position)
            for (index, piece) in pieces.enumerated().dropFirst(count) {
                append(piece, index % 3 == 2 ? .error : .output, to: &second)
            }
            second.finish()
            #expect(second.counts == single.counts, "taken up after \(count)")
            let page = try SpoolReader(path: path).read(limit: 1 << 20)
            #expect(page.bytes == whole.bytes, "taken up after \(count)")
        }
    }

    @Test func `what was begun and not ended when the agent was killed is gone, and all else is there`() throws {
        var first = SpoolWriter(specification(isTakenUp: false))
        append("first", to: &first)
        append("second", to: &first)
        truncate(path, SpoolFormat.headerSize + 2 * SpoolFormat.frameSize + 5 + 3)
        let next = specification(isTakenUp: true)
        var second = SpoolWriter(next, counts: next.prepare())
        #expect(second.counts.bytes == 5)
        append("third", to: &second)
        second.finish()
        #expect(try SpoolReader(path: path).read().bytes == Array("firstthird".utf8))
    }

    @Test func `where nothing was written yet it begins`() throws {
        let next = specification(isTakenUp: true)
        var writer = SpoolWriter(next, counts: next.prepare())
        append("first", to: &writer)
        writer.finish()
        #expect(try SpoolReader(path: path).read().bytes == Array("first".utf8))
    }

    @Test(arguments: [100, 3000, 60_000])
    func `of the room for all output it has taken as much as its file is long`(size: Int) throws {
        var first = SpoolWriter(specification(isTakenUp: false))
        for _ in 0..<(size / 100) { append(String(repeating: "x", count: 100), to: &first) }
        var status = stat()
        stat(path, &status)
        let budget = SpoolBudget(limit: 1 << 30)
        // As the agent does with all that it finds when it starts.
        budget.adopt(Int(status.st_size))
        var next = specification(isTakenUp: true)
        next.budget = budget
        var second = SpoolWriter(next, counts: next.prepare())
        append("more", to: &second)
        second.finish()
        stat(path, &status)
        #expect(budget.used == Int(status.st_size))
    }

    @Test func `what cannot be read now is neither emptied nor added to`() throws {
        var first = SpoolWriter(specification(isTakenUp: false))
        append("first", to: &first)
        let file = open(path, O_WRONLY | O_CLOEXEC)
        pwrite(file, "damaged!", 8, 0)
        close(file)
        let before = readFile(path, limit: 1 << 16)
        let next = specification(isTakenUp: true)
        var second = SpoolWriter(next, counts: next.prepare())
        append("second", to: &second)
        second.finish()
        #expect(second.counts.spoolError == EIO && second.counts.dropped == 6)
        #expect(readFile(path, limit: 1 << 16) == before)
    }
}
