import Glibc
import Testing

@testable import ReeveProcess

@Suite struct ContinuedSpoolTests {
    let workshop: Workshop
    var path: String { workshop.path("log") }
    var reader: SpoolReader { SpoolReader(path: path) }
    var log: SpoolSpecification { SpoolSpecification(path: path, ring: 8192) }

    init() throws {
        workshop = try Workshop()
    }

    /// What one process after the other does: goes on, writes, ends.
    private func write(
        _ texts: [String],
        to specification: SpoolSpecification? = nil,
        stream: OutputStream = .output
    ) -> OutputCounts {
        let specification = specification ?? log
        var writer = SpoolWriter(specification, counts: specification.prepare())
        for text in texts { append(text, to: &writer, stream: stream) }
        writer.finish()
        return writer.counts
    }

    private func append(_ text: String, to writer: inout SpoolWriter, stream: OutputStream = .output) {
        var buffer = [UInt8](repeating: 0, count: SpoolWriter.room) + Array(text.utf8)
        buffer.withUnsafeMutableBytes { writer.append(stream, from: $0, count: text.utf8.count, time: 5) }
    }

    private func text(after position: SpoolPosition = .start) throws -> String {
        String(decoding: try reader.read(after: position).bytes, as: UTF8.self)
    }

    private func bytes(of path: String) -> [UInt8] {
        readFile(path, limit: 1 << 20) ?? []
    }

    private func overwrite(_ offset: Int, _ bytes: [UInt8]) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        pwrite(file, bytes, bytes.count, offset)
        close(file)
    }

    @Test func `three processes write one log, and a follower at an old position misses nothing`() throws {
        var position = SpoolPosition.start
        var written: UInt64 = 0
        for name in ["first", "second", "third"] {
            #expect(log.prepare().position == position)
            #expect(log.prepare().bytes == written)
            let counts = write(["\(name) begins\n", "\(name) ends\n"])
            let page = try reader.read(after: position)
            #expect(page.bytes == Array("\(name) begins\n\(name) ends\n".utf8))
            #expect(page.chunks.first?.offset == written)
            #expect(page.next == counts.position)
            #expect(page.next > position)
            position = page.next
            written = counts.bytes
        }
        #expect(try text().hasPrefix("first begins\n"))
        #expect(try reader.read(tail: 11).bytes == Array("third ends\n".utf8))
    }

    @Test func `the ring goes round while processes come and go, and everything is counted`() throws {
        var position = SpoolPosition.start
        for number in 0..<100 {
            let piece = String(repeating: "\(number % 10)", count: 700)
            let stream: OutputStream = number % 3 == 0 ? .error : .output
            let counts = write([piece], stream: stream)
            let page = try reader.read(after: position)
            #expect(page.bytes == Array(piece.utf8))
            #expect(page.droppedOutput == counts.droppedOutput)
            #expect(page.droppedError == counts.droppedError)
            position = page.next
        }
        let counts = log.prepare()
        #expect(counts.output == 66 * 700)
        #expect(counts.error == 34 * 700)
        let kept = try reader.read()
        #expect(kept.bytes.count + Int(counts.dropped) == 70_000)
        #expect(kept.chunks.first?.offset == counts.dropped)
        #expect(bytes(of: path).count == SpoolFormat.headerSize + 8192)
    }

    @Test func `an agent killed between a frame and its header leaves a log that goes on`() throws {
        var writer = SpoolWriter(log)
        append("known\n", to: &writer)
        let header = Array(bytes(of: path).prefix(SpoolFormat.headerSize))
        let known = writer.counts
        append("written, but never told\n", to: &writer)
        overwrite(0, header)
        #expect(try text() == "known\n")
        #expect(log.prepare() == known)
        _ = write(["next\n"])
        #expect(try text() == "known\nnext\n")
        #expect(try reader.read(after: known.position).chunks.first?.offset == 6)
    }

    @Test func `an agent killed after it made room has dropped just that`() throws {
        let pieces = (0..<20).map { String(repeating: "\($0 % 10)", count: 700) }
        var writer = SpoolWriter(log)
        for piece in pieces.dropLast() { append(piece, to: &writer) }
        let end = writer.counts.position
        append(pieces[19], to: &writer)
        // The header as it was when room was made and the frame not yet written.
        var header = SpoolHeader(headCapacity: 0, tailCapacity: 8192)
        header = bytes(of: path).withUnsafeBytes { SpoolHeader($0) } ?? header
        header.tailEnd = end.frame
        header.writtenOutput -= 700
        overwrite(0, header.bytes)
        _ = write(["next\n"])
        let page = try reader.read()
        #expect(String(decoding: page.bytes, as: UTF8.self).hasSuffix(pieces[18] + "next\n"))
        #expect(page.bytes.count + Int(page.droppedOutput) == 19 * 700 + 5)
    }

    @Test(arguments: [
        SpoolSpecification(path: "", ring: 20_000), SpoolSpecification(path: "", head: 3000, tail: 8192),
    ])
    func `with another capacity a new log begins where the old one ended`(other: SpoolSpecification) throws {
        let before = SpoolSpecification(path: path, head: other.head, tail: other.tail)
        var old = SpoolWriter(before)
        append("old\n", to: &old)
        append("older\n", to: &old, stream: .error)
        old.finish()
        let position = try reader.read().next
        #expect(log.prepare().position == position)
        let counts = write(["new\n"])
        #expect(try text() == "new\n")
        #expect(try text(after: position) == "new\n")
        #expect(counts.bytes == 14)
        #expect(counts.dropped == 10)
        #expect(try SpoolReader(path: "\(path).old").read().bytes == Array("old\nolder\n".utf8))
    }

    @Test func `what is no spool is set aside, and who comes with a later position is led to what there is`() throws {
        workshop.write("no spool, but long enough to be looked at: \(String(repeating: "x", count: 200))", to: "log")
        workshop.write("what was set aside before", to: "log.old")
        #expect(log.prepare() == OutputCounts())
        let counts = write(["new\n"])
        #expect(counts.output == 4)
        let later = SpoolPosition(frame: 1 << 30, consumed: 3)
        #expect(try text(after: later) == "new\n")
        #expect(try text(after: counts.position) == "")
        #expect(String(decoding: bytes(of: "\(path).old"), as: UTF8.self).hasPrefix("no spool"))
    }

    @Test func `a log that the host has lost a part of is set aside after the boot`() throws {
        let counts = write(["first\n", "second\n"])
        let second = SpoolFormat.headerSize + SpoolFormat.frameSize + 6
        overwrite(second, [UInt8](repeating: 0, count: SpoolFormat.frameSize))
        #expect(try text() == "first\n")
        overwrite(88, [1, 2, 3])
        _ = write(["third\n"])
        #expect(try text() == "third\n")
        #expect(try text(after: counts.position) == "third\n")
        #expect(try reader.read(after: counts.position).chunks.first?.offset == 13)
        #expect(try SpoolReader(path: "\(path).old").read().bytes == Array("first\n".utf8))
    }

    @Test func `a log that is whole goes on after the boot`() throws {
        for number in 0..<50 { _ = write([String(repeating: "\(number % 10)", count: 500)]) }
        overwrite(88, [1, 2, 3])
        let counts = write(["next\n"])
        #expect(try text().hasSuffix("9next\n"))
        #expect(counts.bytes == 25_005)
        #expect(access("\(path).old", F_OK) != 0)
    }

    @Test func `whether it is whole is looked at before the process writes, once in a boot`() throws {
        _ = write(["first\n", "second\n"])
        let known = log.prepare()
        overwrite(88, [1, 2, 3])
        #expect(log.prepare() == known)
        // Had it been left for the first output, this would have it set aside.
        overwrite(SpoolFormat.headerSize + SpoolFormat.frameSize + 6, [UInt8](repeating: 0, count: 8))
        _ = write(["third\n"])
        #expect(access("\(path).old", F_OK) != 0)
        #expect(try text(after: known.position) == "third\n")
    }

    @Test func `a log that cannot be opened for want of descriptors is left as it is`() async throws {
        workshop.makeFIFO("told")
        workshop.makeFIFO("wait")
        var specification = workshop.shell("")
        specification.arguments = [FirstProcessTests.program, workshop.folder, "log"]
        let result = try await workshop.run(specification)
        #expect(result.text == "trouble \(EMFILE), kept first second\nthen 0, dropped true\n")
    }

    @Test func `a ring that somebody wrote over begins anew when its turn comes`() throws {
        _ = write((0..<11).map { _ in String(repeating: "x", count: 700) })
        overwrite(SpoolFormat.headerSize, [UInt8](repeating: 0, count: 8192))
        let counts = write([String(repeating: "y", count: 700)])
        #expect(counts.spoolError == nil)
        #expect(counts.dropped == 11 * 700)
        #expect(try text() == String(repeating: "y", count: 700))
    }

    @Test func `a log that is deleted while a process writes goes on in a new file`() throws {
        var writer = SpoolWriter(log)
        append("gone\n", to: &writer)
        let position = try reader.read().next
        unlink(path)
        #expect(try reader.read(after: position).next == .start)
        append("there\n", to: &writer)
        #expect(try text() == "there\n")
        #expect(try text(after: position) == "there\n")
        #expect(writer.counts.dropped == 5)
        #expect(writer.counts.bytes == 11)
    }

    @Test func `a log that could not be written is tried again`() throws {
        workshop.write("", to: "folder")
        let specification = SpoolSpecification(path: workshop.path("folder/log"), ring: 8192)
        var writer = SpoolWriter(specification)
        append("lost\n", to: &writer)
        #expect(writer.counts.spoolError == ENOTDIR)
        unlink(workshop.path("folder"))
        append("kept\n", to: &writer)
        #expect(writer.counts.spoolError == nil)
        #expect(writer.counts.droppedOutput == 5)
        #expect(writer.counts.output == 10)
        let page = try SpoolReader(path: specification.path).read()
        #expect(page.bytes == Array("kept\n".utf8))
        #expect(page.chunks.first?.offset == 5)
    }

    @Test func `processes go on in one log, and a record says where its own output begins`() async throws {
        let processes = workshop.processes
        for name in ["one", "two", "three"] {
            var specification = workshop.shell("echo \(name)")
            specification.output = log
            let record = try processes.start(specification, key: ProcessKey(name))
            #expect(await processes.ended(ProcessKey(name))?.exitCode == 0)
            #expect(try text(after: record.output.position) == "\(name)\n")
        }
        #expect(try text() == "one\ntwo\nthree\n")
        #expect(processes.record(ProcessKey("three"))?.output.output == 14)
        try processes.start(ProcessSpecification(arguments: ["/bin/true"], output: log), key: ProcessKey("silent"))
        _ = await processes.ended(ProcessKey("silent"))
        #expect(processes.record(ProcessKey("silent"))?.output.output == 14)
    }

    @Test func `one that writes without a newline, closes its output and lives on does no harm`() async throws {
        let processes = workshop.processes
        let key = ProcessKey("main")
        let bytes = 128_000_000  // two million lines of 64
        workshop.makeFIFO("fifo")
        var specification = workshop.shell("head -c \(bytes) /dev/zero; exec >&- 2>&-; read x < fifo; exit 3")
        specification.output = SpoolSpecification(path: path, ring: 1 << 20)
        try processes.start(specification, key: key)
        var position = SpoolPosition.start
        while let counts = await processes.output(key, beyond: position), !counts.isComplete {
            position = counts.position
        }
        let record = try #require(processes.record(key))
        #expect(record.output.isComplete)
        #expect(record.state == .running)
        #expect(record.output.output == bytes)
        let page = try reader.read(limit: 1 << 21)
        #expect(page.bytes.count + Int(page.droppedOutput) == bytes)
        #expect(page.bytes.count > 900_000)
        #expect(self.bytes(of: path).count <= SpoolFormat.headerSize + 1 << 20)
        workshop.release("fifo")
        #expect(await processes.ended(key)?.exitCode == 3)
    }
}
