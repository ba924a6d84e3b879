import Glibc

/// One folder of the cgroup v2 tree, with all below it.
package struct Cgroup: Sendable, Equatable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// Whether any process is in it or below it, as the kernel counts them; `nil` if the folder is not there.
    package var isPopulated: Bool? {
        fields("cgroup.events").map { $0["populated"] != 0 }
    }

    /// Kills everything in it and below it at once, so that nothing is born meanwhile. Whether the kernel can: from Linux
    /// 5.14 on.
    @discardableResult
    func kill() -> Bool {
        write("1", to: "cgroup.kill") == 0
    }

    /// The processes in it and below it.
    var pids: Set<pid_t> {
        children.reduce(into: ownPIDs) { $0.formUnion($1.pids) }
    }

    /// Those in it.
    var ownPIDs: Set<pid_t> {
        let text = String(decoding: readFile("\(path)/cgroup.procs", limit: 1 << 24) ?? [], as: UTF8.self)
        // 0: a process of another PID namespace.
        return Set(text.split(separator: "\n").compactMap { pid_t($0) }.filter { $0 > 0 })
    }

    /// The tree's root, where the kernel's rule that only leaves have processes does not hold.
    var isRoot: Bool { access("\(path)/cgroup.type", F_OK) != 0 }

    /// Those below it: a container engine makes some for what it runs.
    var children: [Cgroup] {
        folderEntries(path, ofKind: DT_DIR).map { Cgroup(path: "\(path)/\($0)") }
    }

    /// Removes it and what is below it. Whether it is gone: not while there are processes in it.
    @discardableResult
    func remove() -> Bool {
        if rmdir(path) == 0 || errno == ENOENT { return true }
        guard isPopulated == false else { return false }
        for child in children { child.remove() }
        return rmdir(path) == 0 || errno == ENOENT
    }

    /// 0, or the error number.
    func write(_ text: String, to name: String) -> CInt {
        let file = open("\(path)/\(name)", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return errno }
        let descriptor = Descriptor(file)
        let count = text.withCString { Glibc.write(descriptor.raw, $0, strlen($0)) }
        return count < 0 ? errno : 0
    }

    /// The numbers of a file with a name and a number in each line; `nil` if it cannot be read.
    func fields(_ name: String) -> [Substring: UInt64]? {
        guard let bytes = readFile("\(path)/\(name)", limit: 1 << 16) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
        return Dictionary(
            lines.compactMap { line in line.count == 2 ? UInt64(line[1]).map { (line[0], $0) } : nil },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// A descriptor by which ``Poller/watch(_:for:once:edges:)`` hears of it when the last process has gone, or the first
    /// has come. It knows of all that happened since ``isPopulated`` is asked next. `nil`: there is no such folder, or
    /// there are no descriptors left.
    func openEvents() -> CInt? {
        let file = open("\(path)/cgroup.events", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        Self.rearm(file)
        return file
    }

    /// Only what changes after a reading is told, and what was told without one is told again and again.
    static func rearm(_ events: CInt) {
        var byte: UInt8 = 0
        _ = pread(events, &byte, 1, 0)
    }
}
