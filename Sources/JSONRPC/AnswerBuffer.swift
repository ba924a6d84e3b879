import NIOCore

/// The answers that wait for the next flush, framed as the client wants them.
struct AnswerBuffer {
    private let allocator: ByteBufferAllocator
    private var bytes: ByteBuffer?
    /// Where the texts end for which it is not known yet what ends them.
    private var openEnds: [Int] = []

    init(allocator: ByteBufferAllocator) {
        self.allocator = allocator
    }

    var count: Int { bytes?.readableBytes ?? 0 }

    /// - Parameter terminator: What ends a text; nil if that is decided at `take`.
    mutating func append(_ text: [UInt8], framing: Framing, terminator: Terminator?) {
        var buffer = bytes ?? allocator.buffer(capacity: max(512, text.count + 48))
        bytes = nil  // so that the buffer is not copied
        switch framing {
        case .headers:
            buffer.writeString("Content-Length: \(text.count)\r\n\r\n")
            buffer.writeBytes(text)
        case .texts:
            buffer.writeBytes(text)
            if let terminator {
                buffer.writeTerminator(terminator)
            } else {
                openEnds.append(buffer.writerIndex)
            }
        }
        bytes = buffer
    }

    /// Everything that waits, as one buffer to write; nil if nothing does.
    mutating func take(_ terminator: () -> Terminator) -> ByteBuffer? {
        guard var waiting = bytes else { return nil }
        bytes = nil
        guard !openEnds.isEmpty else { return waiting }
        let decided = terminator()
        var whole = allocator.buffer(capacity: waiting.readableBytes + 2 * openEnds.count)
        for end in openEnds {
            if var text = waiting.readSlice(length: end - waiting.readerIndex) { whole.writeBuffer(&text) }
            whole.writeTerminator(decided)
        }
        openEnds = []
        whole.writeBuffer(&waiting)
        return whole
    }
}

extension ByteBuffer {
    fileprivate mutating func writeTerminator(_ terminator: Terminator) {
        switch terminator {
        case .newline: writeInteger(UInt8(ascii: "\n"))
        case .blankLine: writeStaticString("\n\n")
        }
    }
}
