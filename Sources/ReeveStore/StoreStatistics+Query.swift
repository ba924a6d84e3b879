import GRDB

extension StoreStatistics {
    init(
        _ database: Database,
        sizes: (database: Int, log: Int),
        synchronous: Int,
        commits: WriterMemory.Commits
    ) throws {
        func number(_ sql: String) throws -> Int64 { try database.number(sql) ?? 0 }
        databaseBytes = sizes.database
        logBytes = sizes.log
        usedBytes = try database.usedPages() * database.pageSize()
        self.synchronous = synchronous
        writes = commits.writes
        transactions = commits.transactions
        schemaVersion = Int(try number("PRAGMA user_version"))
        journalFirst = try number("SELECT min(sequence) FROM journal")
        journalHead = try number("SELECT seq FROM sqlite_sequence WHERE name = 'journal'")
        tasks = Int(try number("SELECT count(*) FROM tasks WHERE removed = 0"))
        liveRuns = Int(try number("SELECT count(*) FROM runs WHERE status <> 'stopped'"))
        services = Int(try number("SELECT count(*) FROM services WHERE removed = 0"))
        let ready = "SELECT count(*) FROM services WHERE removed = 0 AND state ->> 'status' = 'running'"
        readyServices = Int(try number(ready))
        deadLetters = Int(try number("SELECT count(*) FROM deadLetters"))
    }
}
