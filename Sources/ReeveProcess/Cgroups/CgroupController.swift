/// A part of the kernel by which a cgroup v2 bounds or counts what its processes use. Each can belong to one tree of
/// cgroups only: where version 1 has it, or the parent does not pass it on, version 2 does without.
package enum CgroupController: String, Sendable, CaseIterable, Comparable {
    case cpu, io, memory, pids

    package static func < (left: CgroupController, right: CgroupController) -> Bool { left.rawValue < right.rawValue }

    /// Those named in a file such as `cgroup.controllers`.
    static func read(_ path: String) -> [CgroupController] {
        let text = String(decoding: readFile(path, limit: 4096) ?? [], as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).compactMap { CgroupController(rawValue: String($0)) }.sorted()
    }
}
