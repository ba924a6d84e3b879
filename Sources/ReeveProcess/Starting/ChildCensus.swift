import CLinux
import Glibc
import NIOConcurrencyHelpers

/// Tells our children from orphans that the kernel gave to us.
///
/// A subreaper has to wait for whatever ends among its adopted orphans, and must never do so for a child that somebody
/// else waits for: that one's end would be lost. Waiting is a matter of the whole process, and so is this.
struct ChildCensus {
    enum Verdict: Equatable {
        /// One of ours: who started it waits for it.
        case known
        /// It may be one that is being started just now.
        case unsure
        case orphan
    }

    private var known: Set<pid_t> = []
    private var starts = 0
    /// Somebody looked for orphans and could not look past one of ours.
    private var isBehind = false

    mutating func willStart() {
        starts += 1
    }

    /// Whether to look for orphans again.
    mutating func didStart(_ pid: pid_t?) -> Bool {
        starts -= 1
        if let pid { known.insert(pid) }
        return starts == 0 && catchUp()
    }

    mutating func didFind(_ pid: pid_t) {
        known.insert(pid)
    }

    /// Whether to look for orphans again.
    mutating func didEnd(_ pid: pid_t) -> Bool {
        known.remove(pid)
        return catchUp()
    }

    mutating func verdict(on pid: pid_t) -> Verdict {
        let verdict: Verdict = known.contains(pid) ? .known : starts > 0 ? .unsure : .orphan
        if verdict != .orphan { isBehind = true }
        return verdict
    }

    private mutating func catchUp() -> Bool {
        defer { isBehind = false }
        return isBehind
    }
}

extension ChildCensus {
    private static let shared = NIOLockedValueBox(ChildCensus())

    /// Runs what starts a process; `start` answers its pid first.
    static func starting<Rest>(
        _ start: () throws(StartError) -> (pid_t, Rest)
    ) throws(StartError) -> (pid_t, Rest) {
        shared.withLockedValue { $0.willStart() }
        var pid: pid_t?
        defer {
            if shared.withLockedValue({ $0.didStart(pid) }) { clinux_poke_child_signals() }
        }
        let started = try start()
        pid = started.0
        return started
    }

    enum Outcome {
        /// It can not be waited for yet.
        case running
        case ended(clinux_end)
        /// It is no child of ours, or somebody else has waited for it.
        case lost
    }

    /// Waits for one of ours, without waiting.
    static func reap(_ pid: pid_t) -> Outcome {
        var end = clinux_end()
        let (result, looksAgain) = shared.withLockedValue { census in
            let result = clinux_wait(pid, &end)
            return (result, result != 0 && census.didEnd(pid))
        }
        if looksAgain { clinux_poke_child_signals() }
        return result == 0 ? .running : result > 0 ? .ended(end) : .lost
    }

    /// Counts a process that we did not start as one of ours: who calls waits for it, should it become an orphan.
    static func adopt(_ pid: pid_t) {
        shared.withLockedValue { $0.didFind(pid) }
    }

    /// Waits for it if it has ended; a later end is left to whoever looks for orphans.
    static func leave(_ pid: pid_t) {
        guard case .running = reap(pid) else { return }
        if shared.withLockedValue({ $0.didEnd(pid) }) { clinux_poke_child_signals() }
    }

    /// Waits for every orphan that has ended.
    ///
    /// What is in our own session is not an orphan of ours, as each process we start gets a session of its own: some
    /// library has started it and will wait for it. Session 0 is one that is not of our PID namespace: what entered it
    /// from outside is in that. Those have no parent in here when they end but the first process: if that is us, whatever
    /// we did not start is ours to wait for.
    static func reapOrphans() {
        let session = getsid(0)
        let isNamespacesFirst = getpid() == 1 && session == 0
        while true {
            let found = shared.withLockedValue { census -> Found in
                let pid = clinux_ended_child()
                guard pid > 0, census.verdict(on: pid) == .orphan else { return .none }
                if !isNamespacesFirst, getsid(pid) == session { return .others }
                var end = clinux_end()
                return clinux_wait(pid, &end) > 0 ? .orphan : .none
            }
            switch found {
            case .orphan: continue
            case .none: return
            // The kernel shows one child at a time: who looks no further sees none behind one that a library leaves.
            case .others: return reapOrphans(outside: session)
            }
        }
    }

    private enum Found {
        case orphan, none
        /// A child that somebody else in this process waits for.
        case others
    }

    /// The same for those that stand behind another's child, one by one.
    private static func reapOrphans(outside session: pid_t) {
        let own = getpid()
        for process in ProcessSnapshot().processes
        where process.parent == own && process.isGone && process.session != session {
            shared.withLockedValue { census in
                // Its pid may be another's by now, of a child that a library has started.
                guard census.verdict(on: process.pid) == .orphan, getsid(process.pid) != session else { return }
                var end = clinux_end()
                _ = clinux_wait(process.pid, &end)
            }
        }
    }
}
