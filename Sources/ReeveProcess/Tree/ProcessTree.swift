import Glibc

/// A process and all that it started.
///
/// What belongs to it: the process itself, whatever is in its cgroup, if it has one, or in its session, whatever carries
/// its marks in the environment it was executed with, and all that descends from these. Without a cgroup, what left the
/// session, dropped its environment and has lost its parents can not be told from others'.
package struct ProcessTree: Sendable, Equatable {
    package let pid: Int32
    /// As in ``ChildRecord/startTicks``; 0 if not known.
    package let startTicks: UInt64
    /// As in ``ProcessSpecification/marks``.
    package let marks: [String]
    /// As in ``ProcessSpecification/cgroup``.
    package let cgroup: String?

    package init(pid: Int32, startTicks: UInt64, marks: [String], cgroup: String? = nil) {
        self.cgroup = cgroup
        self.pid = pid
        self.startTicks = startTicks
        self.marks = marks
    }

    /// Those of them that live now.
    func members() -> [ProcessStatus] {
        members(among: Self.processes(), confined: pidsInCgroup(), isMarked: isMarked)
    }

    /// The rule, apart from where the facts come from.
    func members(among processes: [ProcessStatus], confined: Set<pid_t> = [], isMarked: (pid_t) -> Bool)
        -> [ProcessStatus]
    {
        let own = getpid()
        // What began before it can not descend from it; and it keeps hands off everything else on the host.
        let younger = processes.filter { $0.startTicks >= startTicks && $0.pid > 1 && $0.pid != own }
        // If its pid names another process now, the session of that number is that one's.
        let isRecycled = younger.contains { $0.pid == pid && startTicks != 0 && $0.startTicks != startTicks }
        var pids = Set<pid_t>()
        for process in younger where !process.isGone {
            let isInSession = !isRecycled && (process.session == pid || process.pid == pid)
            if isInSession || confined.contains(process.pid) || (!marks.isEmpty && isMarked(process.pid)) {
                pids.insert(process.pid)
            }
        }
        let children = Dictionary(grouping: younger, by: \.parent)
        var parents = Array(pids)
        while let parent = parents.popLast() {
            for child in children[parent] ?? [] where pids.insert(child.pid).inserted { parents.append(child.pid) }
        }
        return younger.filter { pids.contains($0.pid) && !$0.isGone }
    }

    /// Kills all of the cgroup and of those below it at once, so that nothing is born meanwhile.
    func killCgroup() {
        guard let cgroup else { return }
        let file = open("\(cgroup)/cgroup.kill", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }  // Linux before 5.14: one by one, then
        write(file, "1", 1)
        close(file)
    }

    private func pidsInCgroup() -> Set<pid_t> {
        guard let cgroup, let text = readFile("\(cgroup)/cgroup.procs", limit: 1 << 20) else { return [] }
        return Set(text.split(separator: UInt8(ascii: "\n")).compactMap { pid_t(String(decoding: $0, as: UTF8.self)) })
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
