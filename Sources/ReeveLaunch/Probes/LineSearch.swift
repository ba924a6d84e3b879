/// Looks for a text in the lines of an output that comes in pieces.
///
/// It keeps no more of a line than what the text may still begin in: a line may be as long as it likes.
struct LineSearch: Sendable {
    private let wanted: [UInt8]
    /// The end of the present line, shorter than the text.
    private var rest: [OutputKind: [UInt8]] = [:]

    /// Which of the outputs a piece is of: a text never goes over from one to the other.
    enum OutputKind: Sendable, Hashable {
        case output, error
    }

    /// - Parameter text: At least one byte, without a line break.
    init(_ text: String) {
        wanted = Array(text.utf8)
    }

    /// Whether the text stands in what has come until now, this piece included.
    mutating func take(_ bytes: [UInt8], of kind: OutputKind) -> Bool {
        var window = rest[kind] ?? []
        window += bytes
        guard !contains(window) else { return true }
        let tail = window.suffix(wanted.count - 1)
        let afterBreak = tail.lastIndex(of: UInt8(ascii: "\n")).map { tail[($0 + 1)...] } ?? tail
        rest[kind] = Array(afterBreak)
        return false
    }

    /// The text has no line break, so what it is found in is one line.
    private func contains(_ window: [UInt8]) -> Bool {
        guard window.count >= wanted.count else { return false }
        let first = wanted[0]
        var start = 0
        let last = window.count - wanted.count
        while start <= last {
            guard let found = window[start...last].firstIndex(of: first) else { return false }
            if window[found..<(found + wanted.count)].elementsEqual(wanted) { return true }
            start = found + 1
        }
        return false
    }
}
