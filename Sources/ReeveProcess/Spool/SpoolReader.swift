/// Reads the spool of a process, while it is written or long after.
///
/// Each stream is exact and whole but for what is counted as dropped; between the streams the order is that of arrival.
/// Any number of readers may read at once: none of them is noticed by the process or its writer.
package struct SpoolReader: Sendable {
    private let path: String

    package init(path: String) {
        self.path = path
    }

    /// Up to `limit` bytes behind `position`. A file that is not there is an empty spool.
    ///
    /// Where the bytes behind `position` were dropped, it goes on with the first that were not. So it does where the
    /// position lies behind everything that was ever written to a continued spool: it is another file by then.
    package func read(
        after position: SpoolPosition = .start,
        limit: Int = 1 << 20,
        stream: OutputStream? = nil
    ) throws(SpoolError) -> SpoolPage {
        guard var file = try SpoolFile(path: path) else { return .empty }
        return try Self.read(&file, after: position, skip: 0, limit: limit, stream: stream)
    }

    /// The last `count` bytes of the spool, or of one stream.
    package func read(tail count: Int, stream: OutputStream? = nil) throws(SpoolError) -> SpoolPage {
        guard var file = try SpoolFile(path: path) else { return .empty }
        var total = 0
        var place: UInt64 = 0
        while let next = file.firstPlace(from: place), let frame = file.frame(at: next) {
            if stream == nil || stream == frame.stream { total += frame.count }
            place = next + frame.size
        }
        return try Self.read(&file, after: .start, skip: max(total - count, 0), limit: count, stream: stream)
    }

    /// Reads, and reads again where a writer came round the ring and wrote over everything that was read.
    private static func read(
        _ file: inout SpoolFile,
        after position: SpoolPosition,
        skip: Int,
        limit: Int,
        stream: OutputStream?
    ) throws(SpoolError) -> SpoolPage {
        var position = try synchronized(&file, position)
        var skip = skip
        for _ in 0..<8 {
            var pass = SpoolPass(position: position, skip: skip, limit: limit, stream: stream)
            pass.run(&file)
            try file.reload()
            let oldest = file.header.tailStart
            let tail = file.header.headCapacity
            let kept = pass.chunks.filter { $0.place < tail || $0.place >= oldest }
            let overtaken = pass.next.frame >= tail && pass.next.frame < oldest
            if !overtaken, pass.isBroken, kept.isEmpty { throw .damaged(path: file.path) }
            let next = overtaken ? SpoolPosition(frame: oldest, consumed: 0) : pass.next
            if !kept.isEmpty || !overtaken {
                return SpoolPage(
                    chunks: kept.map(\.chunk),
                    next: next,
                    atEnd: pass.isAtEnd && !overtaken,
                    droppedOutput: file.header.droppedOutput,
                    droppedError: file.header.droppedError
                )
            }
            position = next
            skip = 0
        }
        return SpoolPage(
            chunks: [],
            next: position,
            atEnd: false,
            droppedOutput: file.header.droppedOutput,
            droppedError: file.header.droppedError
        )
    }

    /// The position, or, if no frame is there, that of the next frame: positions come back from clients.
    private static func synchronized(
        _ file: inout SpoolFile,
        _ position: SpoolPosition
    ) throws(SpoolError) -> SpoolPosition {
        if file.header.headCapacity == 0, position.frame > file.end { return .start }
        guard let place = file.firstPlace(from: position.frame), place == position.frame else { return position }
        if let frame = file.frame(at: place), position.consumed < frame.count { return position }
        var known: UInt64 = 0
        while let next = file.firstPlace(from: known), next < place, let frame = file.frame(at: next) {
            known = next + frame.size
        }
        return SpoolPosition(frame: known, consumed: 0)
    }
}
