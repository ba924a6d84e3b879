import Glibc

/// Appends the output of one process to its spool. Used by one thread.
///
/// Never fails: what cannot be kept is counted, and the reason is in ``counts``.
struct SpoolWriter {
    /// Room that ``append(_:from:count:time:)`` needs in front of the payload.
    static let room = SpoolFormat.frameSize

    private(set) var counts: OutputCounts
    private let specification: SpoolSpecification?
    private var header: SpoolHeader
    private var file: CInt = -1
    private var share: SpoolShare
    /// Where the next frame goes.
    private var place: UInt64 = 0

    /// - Parameter counts: What ``SpoolSpecification/prepare()`` has said.
    init(_ specification: SpoolSpecification?, counts: OutputCounts = OutputCounts()) {
        self.specification = specification
        self.counts = counts
        share = SpoolShare(specification?.budget)
        header = SpoolHeader(
            headCapacity: UInt64(specification?.head ?? 0),
            tailCapacity: UInt64(specification?.tail ?? 0)
        )
    }

    /// Takes `count` bytes that stand behind ``room`` bytes of `buffer`. The buffer's contents are gone afterwards.
    mutating func append(
        _ stream: OutputStream,
        from buffer: UnsafeMutableRawBufferPointer,
        count: Int,
        time: Int64
    ) {
        // A log is for a long time: a disk that was full may have room again.
        if specification?.continues == true { counts.spoolError = nil }
        var begin = 0
        while begin < count {
            openIfNeeded()
            let left = count - begin
            let kept = min(left, capacityOfNextFrame(left))
            guard kept > 0 else {
                drop(stream, left)
                return
            }
            let frame = SpoolFrame(stream: stream, count: kept, time: time, before: counts.bytes)
            let whole = UnsafeMutableRawBufferPointer(rebasing: buffer[begin..<(begin + Self.room + kept)])
            frame.write(to: whole)
            guard isInHead ? writeToHead(whole) : writeToTail(whole) else {
                drop(stream, left)
                return
            }
            add(stream, kept)
            // Only now do readers see it. In the head they see it at once, and the numbers are written at the end.
            if header.tailEnd > 0, !writeHeader() { lose(stream, kept) }
            begin += kept
        }
    }

    /// Ends the spool: what was dropped is written down, and the file is closed.
    mutating func finish() {
        counts.isComplete = true
        guard file >= 0 else { return }
        _ = writeHeader()
        var status = stat()
        if fstat(file, &status) == 0 { share.end(length: Int(status.st_size)) }
        close(file)
        file = -1
    }

    private var isInHead: Bool { header.headEnd == 0 && header.headCapacity > 0 }

    /// How much payload fits where the next frame goes; 0: nothing is kept any more.
    private mutating func capacityOfNextFrame(_ wanted: Int) -> Int {
        guard specification != nil, counts.spoolError == nil else { return 0 }
        if isInHead {
            let left = min(Int(header.headCapacity - place) - SpoolFormat.frameSize, wanted, SpoolFormat.maximumPayload)
            if left > 0, mayGrow(by: left + SpoolFormat.frameSize) { return left }
            endHead(isCut: left > 0)
        }
        guard header.tailCapacity > 0 else { return 0 }
        if place < header.headCapacity || header.tailEnd == 0 {
            place = header.headCapacity
            header.tailStart = place
            header.tailEnd = place
        }
        return min(SpoolFormat.maximumPayload, Int(header.tailCapacity) / 4 - SpoolFormat.frameSize)
    }

    private mutating func mayGrow(by size: Int) -> Bool {
        share.grow(
            to: SpoolFormat.headerSize + Int(place) + size,
            most: SpoolFormat.headerSize + Int(header.headCapacity)
        )
    }

    /// - Parameter isCut: Its budget is used up: the tail begins where the head had to end.
    private mutating func endHead(isCut: Bool) {
        header.headEnd = place
        // Readers take 0 for a head that goes on; without any there is nothing that could.
        if isCut { header.headCapacity = place }
        guard header.tailCapacity > 0 else { return }
        let length = SpoolFormat.headerSize + Int(header.headCapacity)
        header.tailCapacity = UInt64(share.tail(Int(header.tailCapacity), behind: length))
        if header.tailCapacity == 0 { counts.spoolError = EDQUOT }
    }

    private mutating func writeToHead(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
        guard write(bytes, at: place) else {
            ftruncate(file, SpoolFormat.headerSize + Int(place))
            return false
        }
        place += UInt64(bytes.count)
        counts.position = SpoolPosition(frame: place, consumed: 0)
        return true
    }

    private mutating func writeToTail(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
        guard makeRoom(for: bytes.count), writeHeader(), write(bytes, at: place) else { return false }
        place += UInt64(bytes.count)
        header.tailEnd = place
        counts.position = SpoolPosition(frame: place, consumed: 0)
        return true
    }

    /// Gives up the oldest frames of the tail until one of this size fits.
    private mutating func makeRoom(for size: Int) -> Bool {
        while place + UInt64(size) - header.tailStart > header.tailCapacity {
            guard let frame = readFrame(at: header.tailStart) else { return giveUpTail() }
            header.tailStart += frame.size
            lose(frame.stream, frame.count)
        }
        return true
    }

    /// Goes on with an empty ring where somebody has written over it. A head would hold an unknown part of each stream.
    private mutating func giveUpTail() -> Bool {
        guard header.headCapacity == 0 else {
            counts.spoolError = EIO
            return false
        }
        header.tailStart = place
        counts.droppedOutput = counts.output
        counts.droppedError = counts.error
        return true
    }

    private mutating func readFrame(at place: UInt64) -> SpoolFrame? {
        var bytes: [UInt8] = []
        for range in header.ranges(at: place, count: SpoolFormat.frameSize) {
            bytes += [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
                filled = max(pread(file, buffer.baseAddress, range.count, range.offset), 0)
            }
        }
        return bytes.withUnsafeBytes { SpoolFrame($0) }
    }

    private mutating func openIfNeeded() {
        guard let specification, counts.spoolError == nil, !counts.isComplete else { return }
        guard file < 0 || (specification.continues && isDeleted) else { return }
        if file < 0, specification.isTakenUp, takeUp(specification) { return }
        guard specification.continues || share.taken > 0 || share.begin(tail: specification.tail) else {
            counts.spoolError = EDQUOT
            return
        }
        let opened = specification.open(insteadOf: file < 0 ? nil : header)
        if file >= 0 { close(file) }
        file = opened.file
        guard file >= 0 else {
            counts.spoolError = -file
            return
        }
        header = opened.header
        if specification.continues { goOn() }
        _ = writeHeader()
    }

    /// Goes on with what there is. Whether there is something.
    private mutating func takeUp(_ specification: SpoolSpecification) -> Bool {
        guard let opened = specification.openTakenUp(at: counts.position) else { return false }
        file = opened.file
        guard file >= 0 else {
            counts.spoolError = -file
            return true
        }
        header = opened.header
        place = counts.position.frame
        var status = stat()
        fstat(file, &status)
        share.takeUp(length: Int(status.st_size), hasTail: header.tailEnd > 0, tail: specification.tail)
        return true
    }

    /// Takes over what the header says, with what was dropped meanwhile as the file could not be opened.
    private mutating func goOn() {
        place = header.tailEnd
        let missed = counts
        counts = OutputCounts(header)
        drop(.output, Int(max(missed.output, counts.output) - counts.output))
        drop(.error, Int(max(missed.error, counts.error) - counts.error))
    }

    /// A log that somebody deletes while a process runs goes on in a new file: else it would not until the next process.
    private var isDeleted: Bool {
        var status = stat()
        return fstat(file, &status) == 0 && status.st_nlink == 0
    }

    private mutating func writeHeader() -> Bool {
        header.droppedOutput = counts.droppedOutput
        header.droppedError = counts.droppedError
        header.writtenOutput = counts.output
        header.writtenError = counts.error
        return header.bytes.withUnsafeBytes { write($0, toFileAt: 0) }
    }

    private mutating func write(_ bytes: UnsafeMutableRawBufferPointer, at place: UInt64) -> Bool {
        var begin = 0
        for range in header.ranges(at: place, count: bytes.count) {
            let part = UnsafeRawBufferPointer(rebasing: bytes[begin..<(begin + range.count)])
            guard write(part, toFileAt: range.offset) else { return false }
            begin += range.count
        }
        return true
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer, toFileAt offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = pwrite(file, bytes.baseAddress! + done, bytes.count - done, offset + done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                counts.spoolError = count < 0 ? errno : ENOSPC
                return false
            }
            done += count
        }
        return true
    }

    private mutating func add(_ stream: OutputStream, _ bytes: Int) {
        switch stream {
        case .output: counts.output += UInt64(bytes)
        case .error: counts.error += UInt64(bytes)
        }
    }

    private mutating func drop(_ stream: OutputStream, _ bytes: Int) {
        add(stream, bytes)
        lose(stream, bytes)
    }

    private mutating func lose(_ stream: OutputStream, _ bytes: Int) {
        switch stream {
        case .output: counts.droppedOutput += UInt64(bytes)
        case .error: counts.droppedError += UInt64(bytes)
        }
    }
}
