/// What `agent.status` tells of the store.
package struct StoreStatistics: Sendable, Hashable {
    /// Sizes of the database file and of its log.
    package var databaseBytes: Int
    package var logBytes: Int
    /// Of the database file, what is free for use again.
    package var freeBytes: Int
    /// `PRAGMA synchronous` as the writer has it now: 2 is FULL.
    package var synchronous: Int
    package var schemaVersion: Int
    /// The first and last number in the journal; 0 and the last ever given when it is empty.
    package var journalFirst: Int64
    package var journalHead: Int64
    package var tasks: Int
    package var liveRuns: Int
    package var deadLetters: Int
}
