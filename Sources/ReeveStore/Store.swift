import GRDB
package import Logging
package import ReeveProtocol

/// The embedded database: tasks, runs, the journal of state changes, and how far each endpoint is.
///
/// Reads run beside the one writer. Writes that wait share a transaction and its sync, so each is durable when it
/// returns and many at once cost little more than one. Whoever uses it takes the ``StoreLock`` first.
package final class Store: Sendable {
    /// Wakes those who wait for something new.
    package let signals: Signals
    /// The agent's own stable id, made with the database.
    package let agentID: String
    /// What the opening found that a person should know, such as a damaged database that was set aside.
    package let notices: [String]

    private let pool: DatabasePool
    private let path: String
    private let synchronous: Int
    private let writer: GroupCommit
    private let failure: FailureLatch
    private let logger: Logger

    /// Opens `DIRECTORY/reeve.db`, which is made (0600) if it is not there.
    ///
    /// `elapsed` is the time since any fixed moment, by a clock that is never set.
    ///
    /// A file that cannot be read as a database is renamed to `reeve.db.damaged-TIME` and a new one made.
    /// Throws ``StoreError`` `newerSchema`, or `storage` where the file cannot be opened or written.
    package static func open(
        directory: String,
        clock: any WallClock,
        elapsed: @escaping @Sendable () -> Duration,
        logger: Logger
    ) throws(StoreError) -> Store {
        let opened = try DatabaseFile(directory: directory, clock: clock, logger: logger).open()
        return Store(opened, clock: clock, elapsed: elapsed, logger: logger)
    }

    private init(
        _ opened: OpenedDatabase,
        clock: any WallClock,
        elapsed: @escaping @Sendable () -> Duration,
        logger: Logger
    ) {
        let signals = Signals()
        let failure = FailureLatch()
        let path = opened.path
        signals.committed([], opened.memory.extent)
        self.signals = signals
        self.failure = failure
        self.path = path
        self.logger = logger
        agentID = opened.agentID
        notices = opened.notices
        pool = opened.pool
        synchronous = opened.synchronous
        writer = GroupCommit(
            pool: opened.pool,
            clock: clock,
            elapsed: elapsed,
            signals: signals,
            memory: opened.memory
        ) { error in
            logger.error("the store has failed and is to be opened anew", metadata: ["reason": "\(error)"])
            if error.code == .damaged { DatabaseFile.markSuspect(path) }
            failure.set(error)
        }
    }

    /// The number of the last state change that is committed; 0 if there never was one.
    package var head: Int64 { signals.head }

    /// The bytes of the database that are in use: what is free in its file is not, and is used again.
    package var used: Int { signals.used }

    package var isClosed: Bool { failure.isClosed }

    /// Changes the store, and returns when that is committed and synced.
    ///
    /// The write is in the queue before this suspends for the first time: writes take effect in the order of the calls.
    /// Those that wait share one transaction, each in a savepoint: what `body` throws comes back here and undoes only
    /// its own part. `body` runs once, on the writer, and must not block. Cancellation does not stop a write.
    ///
    /// Throws ``StoreError`` `storage` (disk full or failing) or `closed` when nothing was done, `outcomeUnknown` when
    /// that cannot be said. After a failing disk every write is refused and ``waitUntilFailed()`` returns.
    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            writer.enqueue(
                GroupCommit.Member(
                    perform: { transaction in
                        let value = try body(transaction)
                        return { continuation.resume(returning: value) }
                    },
                    fail: { continuation.resume(throwing: $0) }
                )
            )
        }
    }

    /// Reads one state of the database, in which everything committed before this call is seen.
    ///
    /// On the caller's thread: what is looked for is nearly always in memory, and two queues there and back would cost
    /// more than the reading. Cancellation is seen before it begins.
    /// Throws ``StoreError`` `storage`, `damaged` or `closed`, `CancellationError`, and what `body` throws.
    package func read<Value: Sendable>(_ body: @escaping @Sendable (Reader) throws -> Value) async throws -> Value {
        guard !failure.isClosed else { throw StoreError.closed }
        try Task.checkCancellation()
        do {
            return try readHere { try body(Reader(database: $0)) }
        } catch let error as DatabaseError {
            // It may have been closed since: that is no fault of the read.
            guard !failure.isClosed else { throw StoreError.closed }
            let error = StoreError(error)
            if error.code == .damaged { writer.fail(error) }
            throw error
        }
    }

    /// Not asynchronous, for then GRDB reads on a queue of its own.
    private func readHere<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try pool.read(body)
    }

    /// Returns when the store cannot go on and has to be opened anew: with the reason, or with `closed` when it was
    /// closed or the caller is cancelled.
    package func waitUntilFailed() async -> StoreError {
        await failure.wait()
    }

    /// Refuses new writes, finishes those that wait, ends the signals and closes the database. May be called twice.
    package func close() async {
        await writer.close()
        failure.set(.closed)
        signals.close()
        do {
            try await pool.closed()
        } catch {
            logger.error("the database could not be closed", metadata: ["reason": "\(error)"])
        }
    }

    /// What the writer is at just now. Never waits.
    package var writerActivity: WriterActivity { writer.activity }

    /// Does not wait for the writer: a slow disk is to be seen, not to be waited for.
    package func statistics() async throws -> StoreStatistics {
        let sizes = DatabaseFile.sizes(path)
        let commits = writer.commits
        do {
            return try readHere { database in
                try StoreStatistics(database, sizes: sizes, synchronous: synchronous, commits: commits)
            }
        } catch let error as DatabaseError {
            throw StoreError(error)
        }
    }
}
