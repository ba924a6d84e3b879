import Glibc
import Logging
import NIOConcurrencyHelpers
import ReeveProcess
import ReeveProtocol
import ReeveStore

/// The files with the output of runs: a folder for each, named by its id.
///
/// One for as long as the agent lives: what it has counted stays counted though the part that uses it comes again.
final class OutputKeeper: Sendable {
    let budget: SpoolBudget
    /// Set when room becomes short, and when somebody was refused.
    let shortage: Wakeup
    /// With all of them.
    private let directory: String
    private let startedAt: Timestamp
    private let logger: Logger
    private let hasBegun = NIOLockedValueBox(false)

    /// - Parameters:
    ///   - limit: Bytes that there is room for.
    ///   - startedAt: When the agent started: what was written before is nobody's yet.
    init(directory: String, limit: Int, startedAt: Timestamp, logger: Logger) {
        let shortage = Wakeup()
        self.shortage = shortage
        budget = SpoolBudget(limit: limit) { shortage.set() }
        self.directory = directory
        self.startedAt = startedAt
        self.logger = logger
    }

    /// Counts what agents before this one have left: once, whoever has written meanwhile.
    func begin() {
        let isFirst = hasBegun.withLockedValue { hasBegun in
            defer { hasBegun = true }
            return !hasBegun
        }
        guard isFirst else { return }
        budget.adopt(runs().reduce(0) { $0 + size(of: $1, before: startedAt) })
    }

    /// Those that have output, the oldest first.
    func runs() -> [String] {
        // Their ids begin with when they were made.
        folderEntries(directory).sorted()
    }

    /// Removes the output of runs, in that order, until a fifth of the room is free. Their records stay.
    func makeRoom(from runs: some Sequence<String>) {
        var removed = 0
        for run in runs {
            guard budget.used > budget.limit - budget.limit / 5 else { break }
            remove(run)
            removed += 1
        }
        guard removed > 0 else { return }
        logger.notice(
            "removed the output of old runs to make room",
            metadata: ["runs": "\(removed)", "output.used": "\(budget.used)", "output.limit": "\(budget.limit)"]
        )
    }

    func remove(_ run: String) {
        let folder = "\(directory)/\(run)"
        for name in folderEntries(folder) {
            let size = size(ofFile: "\(folder)/\(name)")
            if unlink("\(folder)/\(name)") == 0 { budget.giveBack(size ?? 0) }
        }
        rmdir(folder)
    }

    private func size(of run: String, before time: Timestamp) -> Int {
        let folder = "\(directory)/\(run)"
        return folderEntries(folder).reduce(0) { $0 + (size(ofFile: "\(folder)/\($1)", before: time) ?? 0) }
    }

    private func size(ofFile path: String, before time: Timestamp? = nil) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        if let time, Int64(status.st_mtim.tv_sec) * 1000 >= time.milliseconds { return nil }
        return Int(status.st_size)
    }
}
