import Glibc

/// A process and all that it started, as far as can be told without a cgroup.
///
/// What belongs to it: the process itself, whatever is in its session, whatever carries its marks in the environment it
/// was executed with, and all that descends from these. What left the session, dropped its environment and has lost its
/// parents can not be told from others'.
package struct ProcessTree: Sendable, Equatable {
    package let pid: Int32
    /// As in ``ChildRecord/startTicks``; 0 if not known.
    package let startTicks: UInt64
    /// As in ``ProcessSpecification/marks``.
    package let marks: [String]

    package init(pid: Int32, startTicks: UInt64, marks: [String]) {
        self.pid = pid
        self.startTicks = startTicks
        self.marks = marks
    }

    /// Those of them that live now.
    func members() -> [ProcessStatus] {
        members(among: Self.processes(), isMarked: isMarked)
    }

    /// The rule, apart from where the facts come from.
    func members(among processes: [ProcessStatus], isMarked: (pid_t) -> Bool) -> [ProcessStatus] {
        let own = getpid()
        // What began before it can not descend from it; and it keeps hands off everything else on the host.
        let younger = processes.filter { $0.startTicks >= startTicks && $0.pid > 1 && $0.pid != own }
        // If its pid names another process now, the session of that number is that one's.
        let isRecycled = younger.contains { $0.pid == pid && startTicks != 0 && $0.startTicks != startTicks }
        var pids = Set<pid_t>()
        for process in younger where !process.isGone {
            let isInSession = !isRecycled && (process.session == pid || process.pid == pid)
            if isInSession || (!marks.isEmpty && isMarked(process.pid)) { pids.insert(process.pid) }
        }
        let children = Dictionary(grouping: younger, by: \.parent)
        var parents = Array(pids)
        while let parent = parents.popLast() {
            for child in children[parent] ?? [] where pids.insert(child.pid).inserted { parents.append(child.pid) }
        }
        return younger.filter { pids.contains($0.pid) && !$0.isGone }
    }

    private func isMarked(_ pid: pid_t) -> Bool {
        guard let environment = readFile("/proc/\(pid)/environ", limit: 256 * 1024) else { return false }
        let entries = Set(environment.split(separator: 0))
        return marks.allSatisfy { entries.contains(Array($0.utf8)[...]) }
    }

    private static func processes() -> [ProcessStatus] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var processes: [ProcessStatus] = []
        while let entry = readdir(folder) {
            let pid = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { pid_t(String(cString: $0)) }
            }
            if let pid, let status = ProcessStatus(pid: pid) { processes.append(status) }
        }
        return processes
    }
}
