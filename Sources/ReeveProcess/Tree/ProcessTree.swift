import Glibc

/// A process and all that it started.
///
/// What belongs to it: the process itself, whatever is in its cgroups, if it has any, or in its session, whatever carries
/// its marks in the environment it was executed with, and all that descends from these. Without a cgroup, what left the
/// session, dropped its environment and has lost its parents can not be told from others'.
package struct ProcessTree: Sendable, Equatable {
    package let pid: Int32
    /// As in ``ChildRecord/startTicks``; 0 if not known.
    package let startTicks: UInt64
    /// As in ``ProcessSpecification/marks``.
    package let marks: [String]
    /// Those that were made for it.
    package let cgroups: [Cgroup]
    /// When it all began: what is older does not belong to it.
    let beginning: UInt64

    package init(pid: Int32, startTicks: UInt64, marks: [String], cgroups: [Cgroup] = []) {
        self.init(pid: pid, startTicks: startTicks, marks: marks, cgroups: cgroups, beginning: startTicks)
    }

    private init(pid: Int32, startTicks: UInt64, marks: [String], cgroups: [Cgroup], beginning: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
        self.marks = marks
        self.cgroups = cgroups
        self.beginning = beginning
    }

    /// The same tree when this member is the main process.
    func led(by main: MainProcess) -> ProcessTree {
        // While it is in that session, no other process can get the number that names it.
        if ProcessStatus(pid: main.pid)?.session == pid { return self }
        return ProcessTree(
            pid: main.pid,
            startTicks: main.startTicks,
            marks: marks,
            cgroups: cgroups,
            beginning: beginning
        )
    }

    /// Those of them that live now.
    func members(in snapshot: ProcessSnapshot = ProcessSnapshot()) -> [ProcessStatus] {
        let entries = markEntries
        return members(among: snapshot.processes, confined: confined) {
            snapshot.hasInEnvironment($0, entries)
        }
    }

    /// The rule, apart from where the facts come from.
    func members(among processes: [ProcessStatus], confined: Set<pid_t> = [], isMarked: (pid_t) -> Bool)
        -> [ProcessStatus]
    {
        let own = getpid()
        let younger = processes.filter { canBelong($0, own: own) }
        let hasSession = !younger.contains(where: isAnother)
        var pids = Set<pid_t>()
        for process in younger where !process.isGone {
            if belongs(process, hasSession: hasSession, confined: confined, isMarked: isMarked) {
                pids.insert(process.pid)
            }
        }
        if pids.isEmpty { return [] }
        let children = Dictionary(grouping: younger, by: \.parent)
        var parents = Array(pids)
        while let parent = parents.popLast() {
            for child in children[parent] ?? [] where pids.insert(child.pid).inserted { parents.append(child.pid) }
        }
        return younger.filter { pids.contains($0.pid) && !$0.isGone }
    }

    /// The process with this pid, if it belongs to the tree and lives now. Looks at that process and its parents only.
    func member(_ pid: pid_t) -> ProcessStatus? {
        guard let member = ProcessStatus(pid: pid), !member.isGone else { return nil }
        let own = getpid()
        let hasSession = !(ProcessStatus(pid: self.pid).map(isAnother) ?? false)
        let confined = confined
        var process = member
        while canBelong(process, own: own) {
            if belongs(process, hasSession: hasSession, confined: confined, isMarked: isMarked) { return member }
            guard let parent = ProcessStatus(pid: process.parent) else { return nil }
            process = parent
        }
        return nil
    }

    /// What began before it can not descend from it; and it keeps hands off everything else on the host.
    private func canBelong(_ process: ProcessStatus, own: pid_t) -> Bool {
        process.startTicks >= beginning && process.pid > 1 && process.pid != own
    }

    /// Its pid names another process now: the session of that number is that one's.
    private func isAnother(_ process: ProcessStatus) -> Bool {
        process.pid == pid && startTicks != 0 && process.startTicks != startTicks
    }

    /// By itself, whoever its parents are.
    private func belongs(
        _ process: ProcessStatus,
        hasSession: Bool,
        confined: Set<pid_t>,
        isMarked: (pid_t) -> Bool
    ) -> Bool {
        if hasSession, process.session == pid || process.pid == pid { return true }
        return confined.contains(process.pid) || (!marks.isEmpty && isMarked(process.pid))
    }

    /// The pids in its cgroups.
    var confined: Set<pid_t> {
        cgroups.reduce(into: []) { $0.formUnion($1.pids) }
    }

    private func isMarked(_ pid: pid_t) -> Bool {
        ProcessSnapshot.environment(ProcessSnapshot.environment(of: pid), has: markEntries)
    }

    private var markEntries: [[UInt8]] { marks.map { Array($0.utf8) } }
}
