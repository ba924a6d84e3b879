/// One pass over the frames of a spool: takes what is asked for until a limit is reached or nothing is left.
struct SpoolPass {
    private(set) var chunks: [(place: UInt64, chunk: SpoolChunk)] = []
    private(set) var next: SpoolPosition
    private(set) var isAtEnd = false
    /// There is no frame where one has to be: somebody wrote over it.
    private(set) var isBroken = false
    private var skip: Int
    private var left: Int
    private let stream: OutputStream?

    init(position: SpoolPosition, skip: Int, limit: Int, stream: OutputStream?) {
        next = position
        self.skip = skip
        left = limit
        self.stream = stream
    }

    mutating func run(_ file: inout SpoolFile) {
        while left > 0 {
            guard let place = file.firstPlace(from: next.frame) else {
                isAtEnd = true
                return
            }
            if place != next.frame { next = SpoolPosition(frame: place, consumed: 0) }
            guard let frame = file.frame(at: place) else {
                // In the head it is being written; the tail's end is told only after it was.
                isAtEnd = place < file.header.headCapacity
                isBroken = !isAtEnd
                return
            }
            guard take(frame, at: place, &file) else { return }
        }
        isAtEnd = file.firstPlace(from: next.frame) == nil
    }

    private mutating func take(_ frame: SpoolFrame, at place: UInt64, _ file: inout SpoolFile) -> Bool {
        let wanted = stream == nil || stream == frame.stream
        let begin = wanted ? min(next.consumed + skip, frame.count) : frame.count
        if wanted { skip -= begin - min(next.consumed, begin) }
        let end = min(begin + left, frame.count)
        if begin < end {
            guard let bytes = file.payload(at: place, begin..<end) else {
                isBroken = true
                return false
            }
            let offset = frame.before + UInt64(begin)
            let chunk = SpoolChunk(
                stream: frame.stream,
                time: frame.time,
                offset: offset,
                bytes: bytes,
                next: Self.position(behind: end, of: frame, at: place)
            )
            chunks.append((place, chunk))
            left -= end - begin
        }
        next = Self.position(behind: end, of: frame, at: place)
        return true
    }

    private static func position(behind end: Int, of frame: SpoolFrame, at place: UInt64) -> SpoolPosition {
        end == frame.count
            ? SpoolPosition(frame: place + frame.size, consumed: 0) : SpoolPosition(frame: place, consumed: end)
    }
}
