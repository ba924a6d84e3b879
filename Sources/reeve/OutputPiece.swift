import JSON
import JSONRPC
import ReeveProtocol

/// A piece of what a run or a service wrote.
struct OutputPiece: Sendable {
    /// What the agent says of it: stream and time, of a run also the step.
    let facts: JSONObject
    let bytes: [UInt8]

    var isError: Bool { facts["stream"]?.string == "stderr" }
    var step: String? { facts["step"]?.string }

    private init(_ facts: JSONObject, _ bytes: [UInt8]) {
        var facts = facts
        for name in ["size", "data", "encoding"] { facts[name] = nil }
        self.facts = facts
        self.bytes = bytes
    }

    /// - Parameter item: Of `run.follow` or `service.follow`.
    init(item: JSON) throws {
        self.init(item.object ?? [:], try Self.bytes(item))
    }

    /// The pieces of a page of `run.output` or `service.logs`.
    ///
    /// - Parameter lastLines: No more of it than these.
    static func all(of page: JSON, lastLines: Int? = nil) throws -> [OutputPiece] {
        let bytes = try bytes(page)
        let start = lastLines.map { Self.start(ofLast: $0, in: bytes) } ?? 0
        var pieces: [OutputPiece] = []
        var offset = 0
        for chunk in page["chunks"]?.array ?? [] {
            let end = min(bytes.count, offset + (chunk["size"]?.integer ?? 0))
            if end > start { pieces.append(OutputPiece(chunk.object ?? [:], Array(bytes[max(start, offset)..<end]))) }
            offset = end
        }
        return pieces
    }

    /// Where the last lines begin; a text after the last newline is a line too.
    static func start(ofLast lines: Int, in bytes: [UInt8]) -> Int {
        guard lines > 0 else { return bytes.endIndex }
        var left = lines
        for index in bytes.indices.dropLast().reversed() where bytes[index] == UInt8(ascii: "\n") {
            left -= 1
            if left == 0 { return index + 1 }
        }
        return 0
    }

    private static func bytes(_ json: JSON) throws -> [UInt8] {
        let data = json["data"]?.string ?? ""
        guard json["encoding"]?.string == "base64" else { return Array(data.utf8) }
        guard let bytes = Base64.decoded(data) else {
            throw RPCClientError.notUnderstood("output that is no base64")
        }
        return bytes
    }

    /// In the shape of an item that is followed.
    var json: JSONObject {
        let text = String(validating: bytes, as: UTF8.self)
        var json = facts
        json["data"] = .string(text ?? Base64.encoded(bytes))
        json["encoding"] = text == nil ? "base64" : "utf8"
        return json
    }
}
