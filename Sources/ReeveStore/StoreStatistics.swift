/// What `agent.status` tells of the store.
package struct StoreStatistics: Sendable, Hashable {
    /// Sizes of the database file and of its log.
    package var databaseBytes: Int
    package var logBytes: Int
    /// Of the database file, what holds something; the rest is used again.
    package var usedBytes: Int
    /// `PRAGMA synchronous` as the writer had it when the store was opened: 2 is FULL.
    package var synchronous: Int
    package var schemaVersion: Int
    /// Writes that were committed since the store was opened, and the transactions (each one sync) they shared.
    package var writes: Int
    package var transactions: Int
    /// The first number in the journal; 0 if it is empty.
    package var journalFirst: Int64
    /// The last number ever given.
    package var journalHead: Int64
    package var tasks: Int
    package var liveRuns: Int
    package var services: Int
    /// Those of them that run and are ready.
    package var readyServices: Int
    package var deadLetters: Int
}
