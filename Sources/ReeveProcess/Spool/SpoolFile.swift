import Glibc

/// An open spool as one reader sees it: its header, and its frames through a window that saves calls to the kernel.
struct SpoolFile: ~Copyable {
    private static let window = 65_536

    let path: String
    private(set) var header: SpoolHeader
    /// Where the last whole byte of the head ends.
    private(set) var headEnd: UInt64 = 0
    private let file: Descriptor
    private var bytes: [UInt8] = []
    private var bytesPlace: UInt64 = 0

    /// `nil` if there is no such file: nothing was written to it yet.
    init?(path: String) throws(SpoolError) {
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        if opened < 0, errno == ENOENT { return nil }
        guard opened >= 0 else { throw .unreadable(path: path, errno: errno) }
        let file = Descriptor(opened)
        // Created this instant: its header is not written yet.
        guard let header = try Self.readHeader(file.raw, path) else { return nil }
        self.path = path
        self.file = file
        self.header = header
        findHeadEnd()
    }

    private static func readHeader(_ file: CInt, _ path: String) throws(SpoolError) -> SpoolHeader? {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: SpoolFormat.headerSize) { buffer, filled in
            count = pread(file, buffer.baseAddress, SpoolFormat.headerSize, 0)
            filled = max(count, 0)
        }
        guard count >= 0 else { throw .unreadable(path: path, errno: errno) }
        if bytes.isEmpty { return nil }
        guard let header = bytes.withUnsafeBytes({ SpoolHeader($0) }) else { throw .damaged(path: path) }
        return header
    }

    private mutating func findHeadEnd() {
        if header.headEnd > 0 {
            headEnd = header.headEnd
            return
        }
        var status = stat()
        fstat(file.raw, &status)
        headEnd = min(UInt64(max(Int(status.st_size) - SpoolFormat.headerSize, 0)), header.headCapacity)
    }

    /// Looks at the header again.
    mutating func reload() throws(SpoolError) {
        if let header = try Self.readHeader(file.raw, path) { self.header = header }
        findHeadEnd()
        bytes = []
    }

    /// The place of the first frame at or behind `place`; `nil`: there is none yet.
    func firstPlace(from place: UInt64) -> UInt64? {
        if place < headEnd { return place }
        let inTail = max(place, header.tailStart)
        return inTail < header.tailEnd ? inTail : nil
    }

    /// Where the frames end that are there now.
    var end: UInt64 { header.tailEnd > 0 ? header.tailEnd : headEnd }

    /// The frame at this place; `nil` if there is no whole one.
    mutating func frame(at place: UInt64) -> SpoolFrame? {
        guard load(place, SpoolFormat.frameSize) else { return nil }
        let frame = bytes.withUnsafeBytes {
            SpoolFrame(UnsafeRawBufferPointer(rebasing: $0[Int(place - bytesPlace)...]))
        }
        guard let frame, place + frame.size <= regionEnd(place) else { return nil }
        return frame
    }

    /// Part of the payload of the frame at this place; `nil` if the file has become shorter.
    mutating func payload(at place: UInt64, _ range: Range<Int>) -> [UInt8]? {
        let begin = place + UInt64(SpoolFormat.frameSize + range.lowerBound)
        guard load(begin, range.count) else { return nil }
        let offset = Int(begin - bytesPlace)
        return Array(bytes[offset..<(offset + range.count)])
    }

    /// Whether one frame stands behind the other all the way through the tail, up to its end.
    ///
    /// Not so if the host went down before all of it was on its disk. Reads the whole tail.
    mutating func tailIsWhole() -> Bool {
        var place = header.tailStart
        var before: UInt64 = 0
        while place < header.tailEnd {
            guard let frame = frame(at: place), frame.before >= before else { return false }
            place += frame.size
            before = frame.before + UInt64(frame.count)
        }
        return before <= header.writtenOutput + header.writtenError
    }

    private func regionEnd(_ place: UInt64) -> UInt64 {
        place < header.headCapacity ? headEnd : header.tailEnd
    }

    /// Brings these bytes into the window.
    private mutating func load(_ place: UInt64, _ count: Int) -> Bool {
        let end = regionEnd(place)
        guard place < end, end - place >= UInt64(count) else { return false }
        if place >= bytesPlace, place + UInt64(count) <= bytesPlace + UInt64(bytes.count) { return true }
        let wanted = Int(min(end - place, UInt64(max(count, Self.window))))
        bytesPlace = place
        bytes.removeAll(keepingCapacity: true)
        for range in header.ranges(at: place, count: wanted) {
            let part = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
                filled = max(pread(file.raw, buffer.baseAddress, range.count, range.offset), 0)
            }
            bytes += part
            if part.count < range.count { break }
        }
        return bytes.count >= count
    }
}
