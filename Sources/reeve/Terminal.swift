import Glibc

/// What a standard stream is connected to.
struct Terminal: Sendable {
    let isTerminal: Bool
    /// Whether colours may be used.
    let isStyled: Bool
    /// Columns; far more than any line where it is no terminal.
    let width: Int

    static let standardOutput = Terminal(STDOUT_FILENO)
    static let standardError = Terminal(STDERR_FILENO)

    init(isTerminal: Bool, isStyled: Bool, width: Int) {
        self.isTerminal = isTerminal
        self.isStyled = isStyled
        self.width = width
    }

    private init(_ descriptor: Int32) {
        isTerminal = isatty(descriptor) == 1
        isStyled = isTerminal && Host.environment("NO_COLOR") == nil && Host.environment("TERM") != "dumb"
        width = Self.size(of: descriptor)?.columns ?? (isTerminal ? 80 : .max)
    }

    /// In characters; `nil` where it is no terminal, or one that does not know.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return (Int(size.ws_col), max(1, Int(size.ws_row)))
    }
}

/// How a text stands out on a terminal.
enum Style: String {
    case plain = ""
    case strong = "1"
    case faint = "2"
    case good = "32"
    case caution = "33"
    case failure = "1;31"

    func applied(to text: String, _ styled: Bool) -> String {
        styled && self != .plain && !text.isEmpty ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }

    /// The style that an outcome, a status or a state is shown in.
    static func of(_ word: String?) -> Style {
        switch word {
        case "succeeded", "started", "delivered", "running", "open", "idle": .good
        case "failed", "timedOut", "lost", "invalid", "missed", "dead": .failure
        case "skipped", "canceled", "stopping", "starting", "paused", "retrying", "pending", "preparing": .caution
        default: .plain
        }
    }
}

extension String {
    /// Filled with blanks at its end.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }
}
