/// How a process ended by itself: a stable word and a sentence for people, the same for steps and services.
package struct ProcessVerdict: Sendable, Hashable {
    package var exitCode: Int?
    package var signal: Int?
    package var coreDumped: Bool
    /// How many of its processes the kernel has killed for want of memory.
    package var outOfMemoryKills: Int

    package init(exitCode: Int?, signal: Int?, coreDumped: Bool = false, outOfMemoryKills: Int = 0) {
        self.exitCode = exitCode
        self.signal = signal
        self.coreDumped = coreDumped
        self.outOfMemoryKills = outOfMemoryKills
    }

    /// Also where the kernel has killed some of what it had started: it could do without that.
    package var isSuccess: Bool { exitCode == 0 }

    /// Otherwise somebody else has waited for it.
    package var isKnown: Bool { exitCode != nil || signal != nil }

    package var cause: String {
        guard isKnown else { return "unknown" }
        if outOfMemoryKills > 0, !isSuccess { return "outOfMemory" }
        return signal != nil ? "signal" : "exit"
    }

    package var reason: String {
        guard isKnown else { return "ended, and it is not known how" }
        let end = signal.map(Self.text) ?? "exited with \(exitCode ?? 0)"
        let core = coreDumped ? " and dumped core" : ""
        guard outOfMemoryKills > 0 else { return end + core }
        let killed = outOfMemoryKills == 1 ? "a process" : "\(outOfMemoryKills) processes"
        return "\(end)\(core): there was no memory left within its limit, and the kernel killed \(killed) of it"
    }

    private static func text(_ signal: Int) -> String {
        "ended by signal \(signal)" + (names[signal].map { " (SIG\($0))" } ?? "")
    }

    /// As they are numbered on Linux, but for some old machines.
    private static let names: [Int: String] = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ", 31: "SYS",
    ]
}
