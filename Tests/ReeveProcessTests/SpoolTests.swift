import Glibc
import Testing

@testable import ReeveProcess

@Suite struct SpoolTests {
    let workshop: Workshop
    var path: String { workshop.path("spool") }
    var reader: SpoolReader { SpoolReader(path: path) }

    init() throws {
        workshop = try Workshop()
    }

    /// Pieces of many sizes on both streams, with contents that are nowhere the same.
    private static func pieces(_ count: Int, upTo size: Int) -> [(stream: OutputStream, bytes: [UInt8])] {
        var seed: UInt64 = 88_172_645_463_325_252
        func next() -> UInt64 {
            seed ^= seed << 13
            seed ^= seed >> 7
            seed ^= seed << 17
            return seed
        }
        return (0..<count).map { _ in
            let length = Int(next() % UInt64(size)) + 1
            return (next() % 3 == 0 ? .error : .output, (0..<length).map { _ in UInt8(truncatingIfNeeded: next()) })
        }
    }

    private func append(_ piece: (stream: OutputStream, bytes: [UInt8]), to writer: inout SpoolWriter) {
        var buffer = [UInt8](repeating: 0, count: SpoolWriter.room) + piece.bytes
        buffer.withUnsafeMutableBytes { writer.append(piece.stream, from: $0, count: piece.bytes.count, time: 5) }
    }

    /// Everything there is, read `limit` bytes at a time.
    private func readAll(limit: Int, from start: SpoolPosition = .start) throws -> [SpoolChunk] {
        var chunks: [SpoolChunk] = []
        var position = start
        while true {
            let page = try reader.read(after: position, limit: limit)
            #expect(page.chunks.reduce(0) { $0 + $1.bytes.count } <= limit)
            chunks += page.chunks
            position = page.next
            if page.atEnd { return chunks }
        }
    }

    @Test(arguments: [(60_000, 60_000), (300, 4096), (0, 5000), (5000, 0), (1 << 20, 1 << 20)])
    func `head and tail are exact and what is dropped is counted`(head: Int, tail: Int) throws {
        let pieces = Self.pieces(300, upTo: 2000)
        let all = pieces.flatMap(\.bytes)
        let streams = pieces.flatMap { piece in piece.bytes.map { _ in piece.stream } }
        var writer = SpoolWriter(SpoolSpecification(path: path, head: head, tail: tail))
        for piece in pieces { append(piece, to: &writer) }
        writer.finish()
        var covered = 0
        var last = 0
        for chunk in try readAll(limit: 777) {
            let range = Int(chunk.offset)..<(Int(chunk.offset) + chunk.bytes.count)
            #expect(range.lowerBound >= last)
            #expect(chunk.bytes == Array(all[range]))
            #expect(streams[range].allSatisfy { $0 == chunk.stream })
            covered += range.count
            last = range.upperBound
        }
        #expect(tail == 0 || last == all.count)
        #expect(covered + Int(writer.counts.dropped) == all.count)
        #expect(Int(writer.counts.bytes) == all.count)
        #expect((writer.counts.dropped == 0) == (head > all.count))
        var status = stat()
        stat(path, &status)
        #expect(status.st_size <= SpoolFormat.headerSize + head + tail)
        let page = try reader.read(limit: 1)
        #expect(page.droppedOutput == writer.counts.droppedOutput)
        #expect(page.droppedError == writer.counts.droppedError)
    }

    @Test func `a follower that keeps up misses nothing while the ring goes round`() throws {
        let pieces = Self.pieces(500, upTo: 900)
        var writer = SpoolWriter(SpoolSpecification(path: path, head: 3000, tail: 8192))
        var position = SpoolPosition.start
        for piece in pieces {
            append(piece, to: &writer)
            let page = try reader.read(after: position)
            #expect(page.bytes == piece.bytes)
            #expect(page.chunks.allSatisfy { $0.stream == piece.stream })
            #expect(page.atEnd)
            #expect(page.next == writer.counts.position)
            position = page.next
        }
        #expect(writer.counts.dropped > 100_000)
    }

    @Test func `a follower that is overtaken goes on with what there is, and sees the hole`() throws {
        var writer = SpoolWriter(SpoolSpecification(path: path, head: 1000, tail: 8192))
        let pieces = Self.pieces(200, upTo: 900)
        for piece in pieces.prefix(20) { append(piece, to: &writer) }
        let before = try reader.read(after: .start)
        for piece in pieces.dropFirst(20) { append(piece, to: &writer) }
        let after = try reader.read(after: before.next)
        let all = pieces.flatMap(\.bytes)
        let offset = try #require(after.chunks.first?.offset)
        #expect(Int(offset) > pieces.prefix(20).reduce(0) { $0 + $1.bytes.count })
        #expect(after.bytes == Array(all[Int(offset)...]))
        #expect(after.atEnd)
    }

    @Test func `every byte can be gone on from`() throws {
        var writer = SpoolWriter(SpoolSpecification(path: path, head: 200, tail: 0))
        append((.output, Array("hello ".utf8)), to: &writer)
        append((.error, Array("wörld".utf8)), to: &writer)
        let chunks = try readAll(limit: 1)
        #expect(chunks.count == 12)
        #expect(chunks.map(\.offset) == (0..<12).map { UInt64($0) })
        #expect(chunks.flatMap(\.bytes) == Array("hello wörld".utf8))
    }

    @Test(arguments: [0, 1, 100, 5000, 1_000_000])
    func `the tail is the last of it`(count: Int) throws {
        let pieces = Self.pieces(100, upTo: 300)
        var writer = SpoolWriter(SpoolSpecification(path: path, head: 2000, tail: 20_000))
        for piece in pieces { append(piece, to: &writer) }
        let page = try reader.read(tail: count)
        let available = try readAll(limit: 1 << 20).flatMap(\.bytes)
        #expect(page.bytes == Array(available.suffix(count)))
        let errors = try reader.read(stream: .error).bytes
        #expect(try reader.read(tail: count, stream: .error).bytes == Array(errors.suffix(count)))
    }

    @Test func `a position that is none leads to the next frame`() throws {
        var writer = SpoolWriter(SpoolSpecification(path: path, head: 2000, tail: 0))
        append((.output, Array("first".utf8)), to: &writer)
        append((.output, Array("second".utf8)), to: &writer)
        let middle = SpoolPosition(frame: 7, consumed: 3)
        #expect(try reader.read(after: middle).bytes == Array("second".utf8))
        let far = try #require(SpoolPosition(rawValue: .max))
        #expect(try reader.read(after: far).chunks == [])
        #expect(SpoolPosition(rawValue: -1) == nil)
    }

    @Test func `positions survive as numbers`() throws {
        let position = SpoolPosition(frame: 1 << 36, consumed: 65_535)
        #expect(SpoolPosition(rawValue: position.rawValue) == position)
        #expect(position.rawValue < 1 << 53)
        #expect(position.frame == 1 << 36)
        #expect(position.consumed == 65_535)
    }

    @Test func `no file is an empty spool`() throws {
        let page = try reader.read()
        #expect(page.chunks == [])
        #expect(page.atEnd)
        #expect(page.next == .start)
        #expect(try reader.read(tail: 10).atEnd)
    }

    @Test(arguments: ["x", "not a spool at all, but long enough to be looked at as if it were one, truly so"])
    func `what is no spool is told`(text: String) throws {
        workshop.write(text, to: "spool")
        #expect(throws: SpoolError.damaged(path: path)) { try reader.read() }
    }

    @Test func `a frame that is being written is not seen yet`() throws {
        var writer = SpoolWriter(SpoolSpecification(path: path, head: 2000, tail: 0))
        append((.output, Array("whole".utf8)), to: &writer)
        append((.output, Array("half of it".utf8)), to: &writer)
        truncate(path, SpoolFormat.headerSize + SpoolFormat.frameSize * 2 + 5 + 4)
        let page = try reader.read()
        #expect(page.bytes == Array("whole".utf8))
        #expect(page.atEnd)
    }

    @Test(arguments: [(200, 0), (8191, 0), (8192, 4096), (1 << 20, 1 << 19)])
    func `a quota is shared between head and tail`(quota: Int, tail: Int) {
        let specification = SpoolSpecification(path: "/x", quota: quota)
        #expect(specification.tail == tail)
        #expect(specification.head + tail + SpoolFormat.headerSize == quota)
    }
}
