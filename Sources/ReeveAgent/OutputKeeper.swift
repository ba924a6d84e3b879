import Glibc
import Logging
import ReeveProcess
import ReeveProtocol

/// The files with the output of runs: a folder for each, named by its id.
struct OutputKeeper: Sendable {
    /// With all of them.
    var directory: String
    var budget: SpoolBudget
    /// When the agent started: what was written before is nobody's yet.
    var startedAt: Timestamp
    var logger: Logger

    /// Counts what agents before this one have left. Once, though the part that does it may come again.
    func begin() {
        guard budget.used == 0 else { return }
        budget.adopt(runs().reduce(0) { $0 + size(of: $1, before: startedAt) })
    }

    var isShort: Bool { budget.isShort }

    /// Returns at once if somebody was refused meanwhile.
    func waitUntilShort() async {
        for await _ in budget.whenShort where budget.isShort { return }
    }

    /// Removes the output of the oldest runs until a fifth of the room is free. Their records stay.
    /// - Parameter living: Whose output is not to go.
    func makeRoom(sparing living: Set<String>) {
        var removed = 0
        // Their ids begin with when they were made.
        for run in runs().sorted() where !living.contains(run) {
            guard budget.used > budget.limit - budget.limit / 5 else { break }
            remove(run)
            removed += 1
        }
        logger.notice(
            "removed the output of old runs to make room",
            metadata: ["runs": "\(removed)", "output.used": "\(budget.used)", "output.limit": "\(budget.limit)"]
        )
    }

    func remove(_ run: String) {
        let folder = "\(directory)/\(run)"
        for name in names(in: folder) {
            let size = size(ofFile: "\(folder)/\(name)")
            if unlink("\(folder)/\(name)") == 0 { budget.giveBack(size ?? 0) }
        }
        rmdir(folder)
    }

    private func runs() -> [String] { names(in: directory) }

    private func size(of run: String, before time: Timestamp) -> Int {
        let folder = "\(directory)/\(run)"
        return names(in: folder).reduce(0) { $0 + (size(ofFile: "\(folder)/\($1)", before: time) ?? 0) }
    }

    private func size(ofFile path: String, before time: Timestamp? = nil) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        if let time, Int64(status.st_mtim.tv_sec) * 1000 >= time.milliseconds { return nil }
        return Int(status.st_size)
    }

    private func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
