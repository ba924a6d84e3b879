/// The form of a spool file, in one place. All numbers are little-endian.
///
/// A header, the head, and, once the head is full, the tail:
///
/// | bytes | header |
/// |---|---|
/// | 0–7 | `reevespl` |
/// | 8–15 | version: 2 |
/// | 16–23 | capacity of the head |
/// | 24–31 | capacity of the tail |
/// | 32–39 | 0, or, once the head is full: where its last frame ends |
/// | 40–47 | where the oldest frame of the tail begins |
/// | 48–55 | where the newest frame of the tail ends |
/// | 56–63, 64–71 | bytes dropped of the output and of the error stream |
/// | 72–79, 80–87 | bytes written to them in all; while nothing is in the tail, only once the output is complete |
/// | 88–103 | the boot of the host in which this was written; 0: not known |
///
/// Behind it stand frames, each 24 bytes and its payload of up to 65,536 bytes:
///
/// | bytes | frame |
/// |---|---|
/// | 0 | stream: 1 output, 2 error |
/// | 4–7 | length of the payload |
/// | 8–15 | when it was read, in milliseconds since 1970 |
/// | 16–23 | how many bytes of both streams came before it |
///
/// Places are counted from the end of the header. Those below the head's capacity are in the head. The others are in
/// the tail, which is a ring: they go on rising while the file does not grow, and frames go on at its beginning.
/// A writer moves the oldest place on before it writes over what is there, and the newest place after; a reader looks at
/// the header again after it has read, and so knows whether what it read was still whole.
enum SpoolFormat {
    static let magic: UInt64 = 0x6c70_7365_7665_6572  // "reevespl"
    static let version: UInt64 = 2
    static let headerSize = 104
    static let frameSize = 24
    static let maximumPayload = 65_536
}

/// What stands at the beginning of a spool file.
struct SpoolHeader: Equatable {
    var headCapacity: UInt64
    var tailCapacity: UInt64
    /// 0 while everything is in the head.
    var headEnd: UInt64 = 0
    var tailStart: UInt64 = 0
    var tailEnd: UInt64 = 0
    var droppedOutput: UInt64 = 0
    var droppedError: UInt64 = 0
    var writtenOutput: UInt64 = 0
    var writtenError: UInt64 = 0
    var boot = Boot.unknown

    init(headCapacity: UInt64, tailCapacity: UInt64) {
        self.headCapacity = headCapacity
        self.tailCapacity = tailCapacity
    }

    /// `nil` if the bytes are not those of a spool that this version can read.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= SpoolFormat.headerSize, bytes.number(at: 0) == SpoolFormat.magic,
            bytes.number(at: 8) == SpoolFormat.version
        else { return nil }
        headCapacity = bytes.number(at: 16)
        tailCapacity = bytes.number(at: 24)
        headEnd = bytes.number(at: 32)
        tailStart = bytes.number(at: 40)
        tailEnd = bytes.number(at: 48)
        droppedOutput = bytes.number(at: 56)
        droppedError = bytes.number(at: 64)
        writtenOutput = bytes.number(at: 72)
        writtenError = bytes.number(at: 80)
        boot = Boot(high: bytes.number(at: 88), low: bytes.number(at: 96))
        // What no writer makes is not read at all: places are trusted below.
        guard headEnd <= headCapacity, tailStart <= tailEnd, tailEnd - tailStart <= tailCapacity,
            headCapacity < 1 << 46, tailCapacity < 1 << 46, tailEnd < 1 << 47
        else { return nil }
    }

    var bytes: [UInt8] {
        let numbers = [
            SpoolFormat.magic, SpoolFormat.version, headCapacity, tailCapacity, headEnd, tailStart, tailEnd,
            droppedOutput, droppedError, writtenOutput, writtenError, boot.high, boot.low,
        ]
        return numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
    }

    /// Where in the file this many bytes from `place` stand: one or two ranges, as a ring has an end.
    func ranges(at place: UInt64, count: Int) -> [(offset: Int, count: Int)] {
        guard place >= headCapacity, tailCapacity > 0 else {
            return [(SpoolFormat.headerSize + Int(place), count)]
        }
        let start = Int((place - headCapacity) % tailCapacity)
        let first = min(count, Int(tailCapacity) - start)
        let base = SpoolFormat.headerSize + Int(headCapacity)
        return first == count ? [(base + start, count)] : [(base + start, first), (base, count - first)]
    }
}

/// What stands before each piece of output.
struct SpoolFrame: Equatable {
    var stream: OutputStream
    var count: Int
    var time: Int64
    var before: UInt64

    init(stream: OutputStream, count: Int, time: Int64, before: UInt64) {
        self.stream = stream
        self.count = count
        self.time = time
        self.before = before
    }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= SpoolFormat.frameSize, let stream = OutputStream(rawValue: bytes[0]) else { return nil }
        count = Int(bytes.number(at: 0) >> 32)
        guard count > 0, count <= SpoolFormat.maximumPayload else { return nil }
        self.stream = stream
        time = Int64(bitPattern: bytes.number(at: 8))
        before = bytes.number(at: 16)
    }

    func write(to bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(UInt64(stream.rawValue) | UInt64(count) << 32, at: 0)
        bytes.store(UInt64(bitPattern: time), at: 8)
        bytes.store(before, at: 16)
    }

    /// Bytes of the file with the payload.
    var size: UInt64 { UInt64(SpoolFormat.frameSize + count) }
}

extension UnsafeRawBufferPointer {
    func number(at offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    func store(_ number: UInt64, at offset: Int) {
        storeBytes(of: number.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}
