import Glibc
import JSON

/// Writes whole lines of several services, each behind the name of who wrote it.
actor MergedOutput {
    private struct Source: Hashable {
        var name: String
        var isError: Bool
    }

    private let prefixes: [String: [UInt8]]
    private var unfinished: [Source: [UInt8]] = [:]
    /// A line that is longer is broken.
    private static let longestLine = 64 << 10

    init(_ names: [String], _ session: Session) {
        let width = names.map(\.count).max() ?? 0
        let terminal = session.terminal
        let pairs = names.map { name in
            let text =
                terminal.isTerminal
                ? Style.strong.applied(to: name.padded(to: width), terminal.isStyled) + " │ " : name + "\t"
            return (name, Array(text.utf8))
        }
        prefixes = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    func write(item: JSON, of name: String) throws {
        let bytes = try OutputWriter.bytes(item["data"]?.string ?? "", item["encoding"]?.string)
        write(bytes[...], Source(name: name, isError: item["stream"]?.string == "stderr"))
    }

    func write(page: JSON, of name: String, lastLines: Int?) throws {
        for piece in try OutputWriter.pieces(page: page, lastLines: lastLines) {
            write(piece.bytes, Source(name: name, isError: piece.chunk["stream"]?.string == "stderr"))
        }
    }

    /// Writes what has no newline behind it yet.
    func flush() {
        for (source, bytes) in unfinished where !bytes.isEmpty { put(bytes, source) }
        unfinished = [:]
    }

    private func write(_ bytes: ArraySlice<UInt8>, _ source: Source) {
        var line = unfinished.removeValue(forKey: source) ?? []
        var output: [UInt8] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || line.count >= Self.longestLine {
                output += (prefixes[source.name] ?? []) + line + [UInt8(ascii: "\n")]
                line = []
                if byte == UInt8(ascii: "\n") { continue }
            }
            line.append(byte)
        }
        unfinished[source] = line
        if !output.isEmpty { Standard.write(output, to: source.isError ? STDERR_FILENO : STDOUT_FILENO) }
    }

    private func put(_ line: [UInt8], _ source: Source) {
        let output = (prefixes[source.name] ?? []) + line + [UInt8(ascii: "\n")]
        Standard.write(output, to: source.isError ? STDERR_FILENO : STDOUT_FILENO)
    }
}
