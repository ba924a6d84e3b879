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
        let bytes = try Self.bytes(page["data"]?.string ?? "", page["encoding"]?.string)
        let start = lastLines.map { Self.start(ofLast: $0, in: bytes) } ?? 0
        var offset = 0
        for chunk in page["chunks"]?.array ?? [] {
            let end = min(bytes.count, offset + (chunk["size"]?.integer ?? 0))
            if end > start { write(Array(bytes[max(start, offset)..<end]), of: chunk) }
            offset = end
        }
    }

    /// Where the last lines begin; a text after the last newline is a line too.
    static func start(ofLast lines: Int, in bytes: [UInt8]) -> Int {
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
