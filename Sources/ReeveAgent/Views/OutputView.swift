import JSON
import ReeveProcess
import ReeveProtocol
import ReeveRunner

/// A piece of output with what is said of it: whose it is, and where to go on behind it.
struct OutputPiece: Sendable {
    /// Members beside those that every piece has, such as `step`.
    var labels: JSONObject
    var chunk: SpoolChunk
    var next: String

    init(_ chunk: SpoolChunk, labels: JSONObject = [:], next: String) {
        self.chunk = chunk
        self.labels = labels
        self.next = next
    }

    init(_ piece: RunOutput.Piece) {
        self.init(
            piece.chunk,
            labels: ["step": .string(piece.step), "attempt": .number(String(piece.attempt))],
            next: piece.next.description
        )
    }
}

/// Output as clients see it.
struct OutputView {
    private var bytes: [UInt8]
    private var chunks: [JSON] = []
    private let encoding: OutputEncoding

    /// - Parameter encoding: as asked for; without, UTF-8 where the bytes are, else base64.
    init(_ pieces: [OutputPiece], encoding asked: OutputEncoding?) {
        bytes = pieces.flatMap(\.chunk.bytes)
        encoding = asked ?? (String(validating: bytes, as: UTF8.self) == nil ? .base64 : .utf8)
        for piece in pieces {
            // With bytes that are no UTF-8, a client that asked for text gets U+FFFD: sizes are of what it gets.
            let size =
                encoding == .utf8
                ? String(decoding: piece.chunk.bytes, as: UTF8.self).utf8.count : piece.chunk.bytes.count
            var chunk = Self.facts(piece)
            chunk["size"] = .number(String(size))
            chunks.append(.object(chunk))
        }
    }

    private static func facts(_ piece: OutputPiece) -> JSONObject {
        var facts = piece.labels
        facts["stream"] = .string(piece.chunk.stream == .output ? "stdout" : "stderr")
        facts["time"] = Timestamp(milliseconds: piece.chunk.time).json
        return facts
    }

    private var data: JSON {
        .string(encoding == .utf8 ? String(decoding: bytes, as: UTF8.self) : Base64.encoded(bytes))
    }

    /// A page: the pieces, and where to go on.
    func page(next: String, isEnd: Bool, dropped: Int) -> JSON {
        [
            "data": data, "encoding": .string(encoding.rawValue), "chunks": .array(chunks),
            "next": .string(next), "end": .bool(isEnd), "dropped": .number(String(dropped)),
        ]
    }

    /// One piece as an item of a subscription.
    static func item(_ piece: OutputPiece, encoding: OutputEncoding?) -> JSON {
        let view = OutputView([piece], encoding: encoding)
        var item = facts(piece)
        item["data"] = view.data
        item["encoding"] = .string(view.encoding.rawValue)
        return .object(item)
    }
}

extension OutputView {
    init(_ page: RunOutput.Page, encoding: OutputEncoding?) {
        self.init(page.pieces.map(OutputPiece.init), encoding: encoding)
    }

    func page(_ page: RunOutput.Page) -> JSON {
        self.page(next: page.next.description, isEnd: page.isEnd, dropped: page.dropped)
    }
}
