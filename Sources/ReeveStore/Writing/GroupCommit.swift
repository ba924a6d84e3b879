import GRDB
import NIOConcurrencyHelpers
import ReeveProtocol

/// Runs waiting writes in common transactions on the database's writer, one sync for all of a group.
final class GroupCommit: Sendable {
    /// Tells the caller of a write that it is committed.
    typealias Answer = @Sendable () -> Void

    /// One caller's write: it runs in a savepoint of its own and hands back how to answer once it is committed.
    struct Member: Sendable {
        var perform: @Sendable (Transaction) throws -> Answer
        var fail: @Sendable (any Error) -> Void
    }

    private enum Result {
        case answers([Answer], usedPages: Int)
        case failed(StoreError)
    }

    private let pool: DatabasePool
    private let clock: any WallClock
    private let elapsed: @Sendable () -> Duration
    private let signals: Signals
    private let memory: NIOLockedValueBox<WriterMemory>
    private let queue = NIOLockedValueBox(WriteQueue<Member>())
    /// Told of an error after which the database has to be opened anew.
    private let onFailure: @Sendable (StoreError) -> Void

    init(
        pool: DatabasePool,
        clock: any WallClock,
        elapsed: @escaping @Sendable () -> Duration,
        signals: Signals,
        memory: WriterMemory,
        onFailure: @escaping @Sendable (StoreError) -> Void
    ) {
        self.pool = pool
        self.clock = clock
        self.elapsed = elapsed
        self.signals = signals
        self.memory = NIOLockedValueBox(memory)
        self.onFailure = onFailure
    }

    var activity: WriterActivity {
        let now = elapsed()
        return queue.withLockedValue { $0.activity(at: now) }
    }

    var commits: WriterMemory.Commits { memory.withLockedValue(\.commits) }

    /// Takes the write into the queue before it returns.
    func enqueue(_ member: Member) {
        let now = elapsed()
        switch queue.withLockedValue({ $0.enqueue(member, at: now) }) {
        case .startDraining: pool.asyncWriteWithoutTransaction { self.drain($0) }
        case .none: break
        case .refuse(let member, let error): member.fail(error)
        }
    }

    /// Refuses further writes and returns when those that wait are done.
    func close() async {
        queue.withLockedValue { $0.refuse(with: .closed) }
        await withCheckedContinuation { continuation in
            let waits = queue.withLockedValue { $0.waitUntilIdle(continuation) }
            if !waits { continuation.resume() }
        }
    }

    private func drain(_ database: Database) {
        while true {
            let now = elapsed()
            let (group, idle) = queue.withLockedValue { $0.nextGroup(at: now) }
            guard !group.isEmpty else {
                for waiter in idle { waiter.resume() }
                return
            }
            commit(group, database)
        }
    }

    private func commit(_ group: [Member], _ database: Database) {
        let mark = memory.withLockedValue { $0.mark }
        switch transact(group, database) {
        case .answers(let answers, let usedPages):
            let (topics, extent) = memory.withLockedValue { $0.commit(writes: answers.count, usedPages: usedPages) }
            signals.committed(topics, extent)
            for answer in answers { answer() }
        case .failed(let error):
            memory.withLockedValue { $0.rollBack(to: mark) }
            for member in group { member.fail(error) }
            // A full disk passes: the next write tries again. After anything else what SQLite holds is not trusted.
            if !error.isFullDisk { fail(error) }
        }
    }

    /// From now on every write is refused: the database has to be opened anew.
    func fail(_ error: StoreError) {
        for member in queue.withLockedValue({ $0.fail(with: error) }) { member.fail(error) }
        onFailure(error)
    }

    /// Runs the group in one transaction; when it has failed, nothing of it is there.
    private func transact(_ group: [Member], _ database: Database) -> Result {
        do {
            try database.beginTransaction(.immediate)
            var answers: [Answer] = []
            answers.reserveCapacity(group.count)
            for member in group { answers.append(try perform(member, database)) }
            let usedPages = try database.usedPages()
            do {
                try database.commit()
            } catch let error as DatabaseError {
                throw Self.commitError(error)
            }
            return .answers(answers, usedPages: usedPages)
        } catch {
            // A rollback that fails too leaves a connection that is opened anew; the error told is the first.
            try? database.rollback()
            return .failed(Self.groupError(error))
        }
    }

    /// Throws only what ends the whole group.
    private func perform(_ member: Member, _ database: Database) throws -> Answer {
        let mark = memory.withLockedValue { $0.mark }
        try database.run("SAVEPOINT member")
        do {
            let answer = try member.perform(Transaction(database: database, memory: memory, now: clock.now))
            try database.run("RELEASE member")
            return answer
        } catch {
            let error = StoreError.described(error)
            // SQLite ends the transaction by itself on some errors: then the others' writes are gone as well.
            if (error as? StoreError)?.endsGroup ?? false || !database.isInsideTransaction { throw error }
            try database.run("ROLLBACK TO member")
            try database.run("RELEASE member")
            memory.withLockedValue { $0.rollBack(to: mark) }
            return { member.fail(error) }
        }
    }

    private static func groupError(_ error: any Error) -> StoreError {
        let error = StoreError.described(error)
        guard let known = error as? StoreError else {
            return StoreError(.storage, "a transaction was lost: \(error)")
        }
        return known.endsGroup ? known : StoreError(.storage, "a transaction was lost: \(known.message)")
    }

    /// A commit that failed while it was written or synced may be found by the recovery after a crash.
    private static func commitError(_ error: DatabaseError) -> StoreError {
        guard error.resultCode == .SQLITE_IOERR else { return StoreError(error) }
        let message = "the commit could not be written: \(error.message ?? "input/output error")"
        return StoreError(.outcomeUnknown, message + "; whether it was kept is not known")
    }
}
