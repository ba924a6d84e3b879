import JSON
import NIOCore

/// How the messages of a connection are set apart from each other; found from its first bytes and kept. What comes over
/// HTTP comes here as `texts`.
enum Framing {
    /// JSON texts one after the other, with or without blanks between them.
    case texts
    /// A header with `Content-Length` before each message, as in the Language Server Protocol.
    case headers
}

/// What ends an answer in the framing `texts`: the way the client ends its requests, as far as it has one.
enum Terminator {
    /// The client ends its requests with exactly one newline.
    case newline
    /// It ends them with none, or with two; some such clients wait for two.
    case blankLine
}

/// Cuts the bytes that arrive into messages: bytes in, messages out, no channel.
struct FrameReader {
    private(set) var framing: Framing?
    /// How many messages came out so far.
    private(set) var messages = 0

    private let limits: RPCLimits
    private var buffer = ByteBuffer()
    private var scanner: JSONScanner
    private var bodyLength: Int?
    private var newlines = 0
    /// What ends answers, once that is decided.
    private(set) var terminator: Terminator?

    init(limits: RPCLimits) {
        self.limits = limits
        scanner = JSONScanner(maximumDepth: limits.depth, maximumLength: limits.messageBytes)
    }

    /// Whether the beginning of a message is here and its end is not.
    var isInsideMessage: Bool { buffer.readableBytes > 0 }

    mutating func append(_ incoming: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = incoming
        } else {
            buffer.writeImmutableBuffer(incoming)
        }
    }

    /// The next whole message; nil until more bytes come.
    ///
    /// - Throws: if what comes next cannot become a message. The reader must not be asked again.
    mutating func next() throws(RPCError) -> ByteBuffer? {
        if bodyLength == nil { skipBlanks() }
        guard buffer.readableBytes > 0 else { return nil }
        if framing == nil { try findFraming() }
        let message =
            switch framing {
            case .texts: try nextText()
            case .headers: try nextBody()
            case nil: nil as ByteBuffer?
            }
        if message != nil {
            messages += 1
            newlines = 0
            skipBlanks()
        }
        return message
    }

    /// What ends answers from now on. Asked for when the first answer is written, because a client may send the
    /// newline a little later than the text.
    mutating func decideTerminator() -> Terminator {
        let decided = terminator ?? (newlines == 1 ? .newline : .blankLine)
        terminator = decided
        return decided
    }

    private mutating func skipBlanks() {
        var blanks = 0
        scan: for byte in buffer.readableBytesView {
            switch byte {
            case UInt8(ascii: "\n"): newlines += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            default: break scan
            }
            blanks += 1
        }
        buffer.moveReaderIndex(forwardBy: blanks)
        if buffer.readableBytes == 0 {
            buffer = ByteBuffer()  // gives the channel its memory back
        } else if messages > 0, terminator == nil {
            _ = decideTerminator()
        } else if messages == 0 {
            newlines = 0
        }
    }
}

extension FrameReader {
    private mutating func findFraming() throws(RPCError) {
        let first = buffer.readableBytesView.first
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            framing = .texts
            return
        }
        let start = buffer.readableBytesView.prefix(8).map { $0 | 0x20 }  // in small letters
        guard start.elementsEqual("content-".utf8.prefix(start.count)) else {
            throw failed(
                .parse(
                    "the first byte must be '{', '[' or the first of a Content-Length header",
                    hint: "send JSON-RPC 2.0 requests as JSON texts, or over HTTP with POST /rpc"
                )
            )
        }
        if start.count == 8 { framing = .headers }
    }

    private mutating func nextText() throws(RPCError) -> ByteBuffer? {
        let result = buffer.withUnsafeReadableBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[scanner.length...])
            return Result { () throws(JSONSyntaxError) in try scanner.scan(rest) }
        }
        switch result {
        case .success(nil): return nil
        case .success:
            let length = scanner.length
            scanner.reset()
            return buffer.readSlice(length: length)
        case .failure(let error): throw failed(RPCError(error, limits: limits))
        }
    }

    private mutating func nextBody() throws(RPCError) -> ByteBuffer? {
        if bodyLength == nil {
            guard let header = try readHeader() else { return nil }
            bodyLength = header
        }
        guard let length = bodyLength, let body = buffer.readSlice(length: length) else { return nil }
        bodyLength = nil
        return body
    }

    /// The body's length, once the whole header is here.
    private mutating func readHeader() throws(RPCError) -> Int? {
        let view = buffer.readableBytesView
        guard let end = HeaderBlock.end(in: view) else {
            guard view.count < HeaderBlock.maximumBytes else {
                throw failed(.limit("a header of more than \(HeaderBlock.maximumBytes) bytes"))
            }
            return nil
        }
        guard let length = HeaderBlock.contentLength(in: view[..<end]) else {
            throw failed(.parse("a header without a valid Content-Length"))
        }
        guard length <= limits.messageBytes else {
            throw failed(RPCError(messageLongerThan: limits.messageBytes))
        }
        buffer.moveReaderIndex(to: end)
        return length
    }

    /// Remembers how the client ends its lines, for the answer to what it did not get right.
    private mutating func failed(_ error: RPCError) -> RPCError {
        newlines = buffer.readableBytesView.suffix(2).reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        return error
    }
}

extension RPCError {
    init(messageLongerThan bytes: Int) {
        self = .limit("a message of more than \(bytes) bytes", hint: "raise limits.message, or send less at once")
    }

    /// What is wrong with the text of a message.
    init(_ error: JSONSyntaxError, limits: RPCLimits) {
        switch error.kind {
        case .malformed, .incomplete: self = .parse(error.description)
        case .tooDeep: self = .limit("a message nested deeper than \(limits.depth) levels", hint: "raise limits.depth")
        case .tooLong: self.init(messageLongerThan: limits.messageBytes)
        }
    }
}
