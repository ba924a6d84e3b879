import Glibc
import JSON
import JSONRPC
import ReeveProtocol

/// Writes a run's output to where it belongs: what was standard error goes to standard error.
struct OutputWriter {
    private var step: String?
    /// Whether a line says which step's output begins; on a terminal only.
    let announcesSteps: Bool

    init(run: JSON) {
        announcesSteps = (run["steps"]?.array?.count ?? 0) > 1 && Terminal.standardError.isTerminal
    }

    /// Takes one item of `run.follow`.
    mutating func write(item: JSON) throws {
        let bytes = try Self.bytes(item["data"]?.string ?? "", item["encoding"]?.string)
        write(bytes, of: item)
    }

    /// Takes one answer of `run.output`: its chunks describe consecutive pieces of the data.
    ///
    /// - Parameter lastLines: Write no more than these of it.
    mutating func write(page: JSON, lastLines: Int? = nil) throws {
        for piece in try Self.pieces(page: page, lastLines: lastLines) { write(Array(piece.bytes), of: piece.chunk) }
    }

    /// What an answer holds, each piece with its chunk.
    static func pieces(page: JSON, lastLines: Int?) throws -> [(chunk: JSON, bytes: ArraySlice<UInt8>)] {
        let bytes = try bytes(page["data"]?.string ?? "", page["encoding"]?.string)
        let start = lastLines.map { Self.start(ofLast: $0, in: bytes) } ?? 0
        var pieces: [(chunk: JSON, bytes: ArraySlice<UInt8>)] = []
        var offset = 0
        for chunk in page["chunks"]?.array ?? [] {
            let end = min(bytes.count, offset + (chunk["size"]?.integer ?? 0))
            if end > start { pieces.append((chunk, bytes[max(start, offset)..<end])) }
            offset = end
        }
        return pieces
    }

    /// How many bytes of the end to ask for, to get that many lines of usual length, or fewer that are longer.
    static func bytes(forLines lines: Int) -> Int {
        min(1 << 20, max(64 << 10, lines.multipliedReportingOverflow(by: 200).partialValue))
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

    private mutating func write(_ bytes: [UInt8], of chunk: JSON) {
        let name = chunk["step"]?.string
        if announcesSteps, name != step {
            Standard.say(Style.faint.applied(to: "── step \(name ?? "?")", Terminal.standardError.isStyled))
        }
        step = name
        Standard.write(bytes, to: chunk["stream"]?.string == "stderr" ? STDERR_FILENO : STDOUT_FILENO)
    }

    static func bytes(_ data: String, _ encoding: String?) throws -> [UInt8] {
        guard encoding == "base64" else { return Array(data.utf8) }
        guard let bytes = Base64.decoded(data) else {
            throw RPCClientError.notUnderstood("output that is no base64")
        }
        return bytes
    }
}
