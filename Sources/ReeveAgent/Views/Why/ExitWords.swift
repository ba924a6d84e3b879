import ReeveProtocol

/// What the end of a process probably means, beside its number.
enum ExitWords {
    private static let signals = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ", 31: "SYS",
    ]

    private static func name(_ signal: Int) -> String {
        signals[signal].map { "SIG\($0)" } ?? "signal \(signal)"
    }

    /// Of a process that a signal ended without the agent's doing.
    static func signal(_ number: Int) -> String {
        let name = name(number)
        switch number {
        case 6: return "\(name): the program gave itself up"
        case 4, 7, 8, 11: return "\(name): the program did what no program may"
        case 9: return "\(name): somebody else sent it, perhaps the kernel for want of memory"
        case 13: return "\(name): nobody read any more what it wrote"
        case 24: return "\(name): it used more processor time than its limit"
        case 25: return "\(name): it wrote a larger file than its limit"
        case 31: return "\(name): it made a system call that is forbidden to it"
        default: return "\(name): somebody else sent it"
        }
    }

    /// `nil` for a code that means whatever the program says.
    static func exit(_ code: Int) -> String? {
        switch code {
        case 126: "126 from a shell: it found the command and cannot execute it"
        case 127: "127 from a shell: there is no such command"
        case 129...192: "\(code) from a shell: \(name(code - 128)) ended the command"
        default: nil
        }
    }
}
