import Logging
import ReeveProcess
import ReeveProtocol
import ReeveRunner
import ReeveStore

/// Removes what has been kept for long enough: old runs with their output, ad hoc tasks, changes, dead letters.
///
/// It works when the agent starts, after every thousand changes and when room for output is short, never by the clock: an
/// idle agent keeps what it has.
struct Housekeeper: Sendable {
    var store: Store
    var configuration: Configuration
    var output: OutputKeeper
    var wallClock: any WallClock
    var logger: Logger

    /// Changes between two rounds.
    var interval: Int64 = 1000

    /// What there is to do.
    private enum Cause {
        case changes, shortage
    }

    func run() async throws {
        output.begin()
        while true {
            let last = store.head
            try await work()
            while try await waitForWork(after: last) == .shortage { try await makeRoom() }
        }
    }

    /// Until there are so many changes, or output needs room.
    private func waitForWork(after last: Int64) async throws -> Cause {
        let cause = await withTaskGroup(of: Cause.self) { group in
            group.addTask { [store, interval] in
                await store.signals.waitForJournal(after: last + interval)
                return .changes
            }
            group.addTask { [output] in
                await output.shortage.wait()
                return .shortage
            }
            defer { group.cancelAll() }
            return await group.next() ?? .changes
        }
        try Task.checkCancellation()
        return cause
    }

    /// Runs whose records one transaction removes.
    private static let piece = 200

    private func work() async throws {
        let now = wallClock.now
        try await store.write { try $0.expireRevisions() }
        try await expireRuns(madeBefore: now - configuration.historyAge)
        try await repeatedly { try $0.expireAdHocTasks(putBefore: now - configuration.historyAdHoc) }
        try await store.expireDeliveries(before: now - configuration.retentionAge, logger: logger)
        let (age, bytes) = (now - configuration.deadLetterAge, configuration.deadLetterBytes)
        while try await store.write({ try $0.expireDeadLetters(before: age, bytes: bytes) }) > 0 {}
        while try await trim(before: now - configuration.retentionAge) > 0 {}
        if output.budget.isShort { try await makeRoom() }
    }

    private func makeRoom() async throws {
        // Before it is asked which runs live: what begins in between is not among them.
        let runs = output.runs()
        let living = Set(try await store.read { try $0.liveRuns().map(\.id) })
        output.makeRoom(from: runs.lazy.filter { !living.contains($0) })
    }

    /// Looks for them beside the writer: with many tasks and runs that takes a while, and nobody is to wait for it.
    private func expireRuns(madeBefore time: Timestamp) async throws {
        while true {
            let expired = try await store.read { [configuration] reader in
                try reader.expiredRuns(
                    keeping: configuration.historyPerTask,
                    bytes: configuration.historySize.bytes,
                    madeBefore: time
                )
            }
            guard !expired.isEmpty else { return }
            for piece in stride(from: 0, to: expired.count, by: Self.piece) {
                let ids = Array(expired[piece..<min(expired.count, piece + Self.piece)])
                for run in try await store.write({ try $0.removeRuns(ids) }) { output.remove(run) }
            }
            logger.debug("removed old runs", metadata: ["runs": "\(expired.count)"])
        }
    }

    /// Does a bounded piece until nothing is left to do, and removes the output of the runs that went.
    private func repeatedly(_ piece: @escaping @Sendable (Transaction) throws -> [String]) async throws {
        while true {
            let runs = try await store.write(piece)
            guard !runs.isEmpty else { return }
            for run in runs { output.remove(run) }
            logger.debug("removed old runs", metadata: ["runs": "\(runs.count)"])
        }
    }

    private func trim(before time: Timestamp) async throws -> Int {
        try await store.write { transaction in
            let kept = try transaction.firstSequence(since: time) ?? transaction.head() + 1
            return try transaction.trimJournal(upTo: kept - 1)
        }
    }
}
