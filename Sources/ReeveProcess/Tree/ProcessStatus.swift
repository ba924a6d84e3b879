import Glibc

/// What `/proc/PID/stat` says of a process.
struct ProcessStatus: Equatable {
    let pid: pid_t
    let state: Character
    let parent: pid_t
    let session: pid_t
    let threads: UInt64
    let startTicks: UInt64

    /// Whether `/proc` tells of the processes that have their pids here: it may be that of another PID namespace.
    static let isAvailable: Bool = {
        var text = [CChar](repeating: 0, count: 16)
        let count = readlink("/proc/self", &text, text.count)
        return count > 0
            && pid_t(String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)) == getpid()
    }()

    /// `nil` if there is no such process.
    init?(pid: pid_t) {
        guard Self.isAvailable, let text = readFile("/proc/\(pid)/stat", limit: 1024) else { return nil }
        self.init(text)
    }

    /// The name is in parentheses and may hold anything, also parentheses: what counts begins behind the last one.
    init?(_ text: [UInt8]) {
        guard let end = text.lastIndex(of: UInt8(ascii: ")")),
            let pid = Self.number(text.prefix { $0 != UInt8(ascii: " ") })
        else { return nil }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let state = fields[0].first, let parent = Self.number(fields[1]),
            let session = Self.number(fields[3]), let threads = Self.number(fields[17]),
            let ticks = Self.number(fields[19])
        else { return nil }
        self.pid = pid_t(truncatingIfNeeded: pid)
        self.state = Character(UnicodeScalar(state))
        self.parent = pid_t(truncatingIfNeeded: parent)
        self.session = pid_t(truncatingIfNeeded: session)
        self.threads = threads
        startTicks = ticks
    }

    /// It has ended and only waits to be waited for. A process whose first thread has ended looks alike, but has others.
    var isGone: Bool { (state == "Z" || state == "X") && threads <= 1 }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            number = product &+ UInt64(digit - UInt8(ascii: "0"))
        }
        return digits.isEmpty ? nil : number
    }
}
