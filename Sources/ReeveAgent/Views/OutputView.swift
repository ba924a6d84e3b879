import JSON
import ReeveProcess
import ReeveProtocol
import ReeveRunner

/// A page of output as clients see it.
struct OutputView {
    private var bytes: [UInt8]
    private var chunks: [JSON] = []
    private let encoding: OutputEncoding

    /// - Parameter encoding: as asked for; without, UTF-8 where the bytes are, else base64.
    init(_ pieces: [RunOutput.Piece], encoding asked: OutputEncoding?) {
        bytes = pieces.flatMap(\.chunk.bytes)
        encoding = asked ?? (String(validating: bytes, as: UTF8.self) == nil ? .base64 : .utf8)
        for piece in pieces {
            // With bytes that are no UTF-8, a client that asked for text gets U+FFFD: sizes are of what it gets.
            let size =
                encoding == .utf8
                ? String(decoding: piece.chunk.bytes, as: UTF8.self).utf8.count : piece.chunk.bytes.count
            chunks.append([
                "step": .string(piece.step), "attempt": .number(String(piece.attempt)),
                "stream": .string(piece.chunk.stream == .output ? "stdout" : "stderr"),
                "time": Timestamp(milliseconds: piece.chunk.time).json, "size": .number(String(size)),
            ])
        }
    }

    var data: JSON {
        .string(encoding == .utf8 ? String(decoding: bytes, as: UTF8.self) : Base64.encoded(bytes))
    }

    func json(_ page: RunOutput.Page) -> JSON {
        [
            "data": data, "encoding": .string(encoding.rawValue), "chunks": .array(chunks),
            "next": .string(page.next.description), "end": .bool(page.isEnd), "dropped": .number(String(page.dropped)),
        ]
    }

    /// One piece as an item of `run.follow`.
    static func item(_ piece: RunOutput.Piece, encoding: OutputEncoding?) -> JSON {
        let view = OutputView([piece], encoding: encoding)
        return [
            "step": .string(piece.step), "attempt": .number(String(piece.attempt)),
            "stream": .string(piece.chunk.stream == .output ? "stdout" : "stderr"),
            "time": Timestamp(milliseconds: piece.chunk.time).json, "data": view.data,
            "encoding": .string(view.encoding.rawValue),
        ]
    }
}
