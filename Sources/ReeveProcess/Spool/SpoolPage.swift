import Glibc

/// A piece of output as it was read from a process.
package struct SpoolChunk: Sendable, Equatable {
    package let stream: OutputStream
    /// When the agent read it, in milliseconds since 1970.
    package let time: Int64
    /// How many bytes had been written to the spool before, on both streams: where that is not the end of the chunk
    /// before it, with no stream left out, the bytes between were dropped.
    package let offset: UInt64
    package let bytes: [UInt8]
    /// Where to go on behind it.
    package let next: SpoolPosition

    /// Its last bytes, so many at most.
    package func suffix(_ count: Int) -> SpoolChunk {
        let left = Swift.max(0, bytes.count - count)
        return SpoolChunk(
            stream: stream,
            time: time,
            offset: offset + UInt64(left),
            bytes: Array(bytes.dropFirst(left)),
            next: next
        )
    }
}

/// What one read of a spool answers.
package struct SpoolPage: Sendable, Equatable {
    package let chunks: [SpoolChunk]
    /// Where to go on.
    package let next: SpoolPosition
    /// Nothing stood behind ``next`` when it was read. While the process runs, more may come.
    package let atEnd: Bool
    /// Bytes that the spool holds no longer. While the process runs, ``OutputCounts`` is more exact.
    package let droppedOutput: UInt64
    package let droppedError: UInt64

    /// Whether there is a file: not before anything was written, and not after it was removed.
    package var isThere = true

    static let empty = SpoolPage(
        chunks: [],
        next: .start,
        atEnd: true,
        droppedOutput: 0,
        droppedError: 0,
        isThere: false
    )

    /// The bytes of all chunks, one after the other.
    package var bytes: [UInt8] { chunks.flatMap(\.bytes) }
}

/// Why a spool cannot be read.
package enum SpoolError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, errno: CInt)
    /// It is not a spool, or of a later version, or was changed by somebody.
    case damaged(path: String)

    /// The kernel's, or `EIO` where it says nothing.
    var number: CInt {
        switch self {
        case .unreadable(_, let number): number
        case .damaged: EIO
        }
    }

    package var description: String {
        switch self {
        case .unreadable(let path, let number): "cannot read the output in \(path): \(errorText(number))"
        case .damaged(let path): "cannot read the output in \(path): it is not in the form that this agent writes"
        }
    }
}
