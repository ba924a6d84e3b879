import CLinux
import Glibc

/// Whether the agent may make cgroups for what it starts.
///
/// Under systemd only what a unit was given with `Delegate=yes` is its own, whoever could write elsewhere: systemd marks
/// that folder by an extended attribute (systemd's `CGROUP_DELEGATION`). Where there is no systemd, what can be written is
/// given: the tree of a container, or a host's whose first program leaves cgroups alone.
package enum CgroupDelegation: Sendable, Equatable {
    /// This folder, in which the agent's own process may be.
    case given(folder: String)
    case refused(reason: String)

    /// The leaf into which the agent moves itself where only leaves may have processes.
    static let leaf = "reeve-agent"

    /// Looks at the host.
    package static func find() -> CgroupDelegation {
        func text(_ path: String) -> String { String(decoding: readFile(path, limit: 1 << 22) ?? [], as: UTF8.self) }
        return find(
            cgroups: text("/proc/self/cgroup"),
            mounts: text("/proc/self/mountinfo"),
            hasSystemd: access("/run/systemd/system", F_OK) == 0,
            isMarked: isMarked,
            isWritable: { access($0, W_OK) == 0 && access("\($0)/cgroup.procs", W_OK) == 0 }
        )
    }

    /// Where the cgroup with this path is; `nil`: it is not mounted here.
    package static func folder(of cgroup: String) -> String? {
        folder(
            of: cgroup,
            mounts: String(decoding: readFile("/proc/self/mountinfo", limit: 1 << 22) ?? [], as: UTF8.self)
        )
    }

    /// The rule, apart from where the facts come from.
    /// - Parameters:
    ///   - cgroups: As in `/proc/self/cgroup`.
    ///   - mounts: As in `/proc/self/mountinfo`.
    static func find(
        cgroups: String,
        mounts: String,
        hasSystemd: Bool,
        isMarked: (String) -> Bool,
        isWritable: (String) -> Bool
    ) -> CgroupDelegation {
        guard let own = cgroups.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })?.dropFirst(3) else {
            return .refused(reason: "the host has no cgroup version 2")
        }
        guard let folder = folder(of: String(own), mounts: mounts) else {
            return .refused(reason: "no cgroup2 file system is mounted that has the agent's cgroup \(own)")
        }
        // The agent, or whoever started it, may have moved it to a leaf already.
        let parent = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        let isInLeaf = folder.hasSuffix("/\(leaf)") || (hasSystemd && !isMarked(folder) && isMarked(parent))
        let given = isInLeaf ? parent : folder
        guard !hasSystemd || isMarked(given) else {
            return .refused(reason: "systemd has not given the agent the cgroup \(own) (Delegate=yes in its unit)")
        }
        guard isWritable(given) else { return .refused(reason: "the agent may not write the cgroup \(given)") }
        return .given(folder: given)
    }

    /// Where the cgroup with this path is mounted. A cgroup namespace, or a bind mount, shows only part of the tree.
    private static func folder(of own: String, mounts: String) -> String? {
        guard !own.split(separator: "/").contains("..") else { return nil }
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 1,
                fields[dash + 1] == "cgroup2"
            else { continue }
            let (root, point) = (unescaped(fields[3]), unescaped(fields[4]))
            if root == "/" { return own == "/" ? point : point + own }
            if own == root { return point }
            if own.hasPrefix(root + "/") { return point + own.dropFirst(root.count) }
        }
        return nil
    }

    /// Blanks and the like stand in octal digits behind a backslash.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(3), as: UTF8.self)
            if byte == UInt8(ascii: "\\"), let value = UInt8(digits, radix: 8) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Only root can read the one that is trusted; the other is there since systemd 251.
    private static func isMarked(_ folder: String) -> Bool {
        ["trusted.delegate", "user.delegate"].contains { name in
            var value: UInt8 = 0
            return clinux_attribute(folder, name, &value, 1) == 1 && value == UInt8(ascii: "1")
        }
    }
}
