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

    init(_ names: [String], _ terminal: Terminal) {
        let width = names.map(\.count).max() ?? 0
        let pairs = names.map { name in
            let text =
                terminal.isTerminal
                ? Style.strong.applied(to: name.padded(to: width), terminal.isStyled) + " │ " : name + "\t"
            return (name, Array(text.utf8))
        }
        prefixes = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    func write(_ piece: OutputPiece, of name: String) {
        let source = Source(name: name, isError: piece.isError)
        var line = unfinished.removeValue(forKey: source) ?? []
        var output: [UInt8] = []
        for byte in piece.bytes {
            if byte == UInt8(ascii: "\n") || line.count >= Self.longestLine {
                output += whole(line, of: source)
                line = []
                if byte == UInt8(ascii: "\n") { continue }
            }
            line.append(byte)
        }
        if !line.isEmpty { unfinished[source] = line }
        put(output, of: source)
    }

    /// Writes what one has begun and not ended with a newline.
    func flush(_ name: String) {
        for source in [Source(name: name, isError: false), Source(name: name, isError: true)] {
            if let line = unfinished.removeValue(forKey: source) { put(whole(line, of: source), of: source) }
        }
    }

    private func whole(_ line: [UInt8], of source: Source) -> [UInt8] {
        (prefixes[source.name] ?? []) + line + [UInt8(ascii: "\n")]
    }

    private func put(_ output: [UInt8], of source: Source) {
        Standard.write(output, to: source.isError ? STDERR_FILENO : STDOUT_FILENO)
    }
}
