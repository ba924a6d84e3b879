import GRDB
package import ReeveProtocol

/// How runs that are not kept any longer are found: by indices, and no task is looked at, of which there may be a million.
enum RetentionQuery {
    static let old = "SELECT id FROM runs WHERE createdAt < ?1 AND status = 'stopped' LIMIT ?2"
    static let beyond = """
        SELECT r.id FROM (
            SELECT task, max(number) AS last FROM runs GROUP BY task HAVING min(number) <= max(number) - ?1
        ) AS t JOIN runs AS r ON r.task = t.task AND r.number <= t.last - ?1
        WHERE r.status = 'stopped' LIMIT ?2
        """
    /// All but the newest of what is within the bytes, of tasks that have more.
    static let large = """
        SELECT id FROM (
            SELECT id, status, sum(outputBytes) OVER latest AS total, row_number() OVER latest AS place
            FROM runs WHERE outputBytes > 0 AND task IN (
                SELECT task FROM runs WHERE outputBytes > 0 GROUP BY task HAVING sum(outputBytes) > ?1
            )
            WINDOW latest AS (PARTITION BY task ORDER BY number DESC)
        ) WHERE total > ?1 AND place > 1 AND status = 'stopped' LIMIT ?2
        """
}

// What housekeeping looks for, beside the writer.
extension StateReading {
    /// Runs that have stopped and are not kept any longer: all but the last `perTask` of each task, and those made before
    /// a time, and those by which a task's runs have more output than `bytes`, the oldest first; the newest stays. Answers
    /// their ids.
    package func expiredRuns(
        keeping perTask: Int,
        bytes: Int = .max,
        madeBefore time: Timestamp,
        limit: Int = 1000
    ) throws -> [String] {
        let queries: [(sql: String, bound: DatabaseValue)] = [
            (RetentionQuery.old, .time(time)), (RetentionQuery.beyond, .integer(perTask)),
            (RetentionQuery.large, .integer(bytes)),
        ]
        for query in queries {
            let ids = try database.all(query.sql, [query.bound, .integer(limit)]) { $0[0] as String }
            guard ids.isEmpty else { return ids }
        }
        return []
    }
}

/// What an endpoint keeps in the journal.
package struct JournalHold: Sendable, Hashable {
    package var endpoint: String
    /// It has everything up to here, and is to be done with the rest.
    package var after: Int64
}

extension StateReading {
    /// The endpoint that keeps most of the journal; `nil` if all of them are done with all of it.
    package func journalHold() throws -> JournalHold? {
        let sql = """
            SELECT name, min(done) FROM (
                SELECT name, cursor AS done FROM endpoints
                UNION ALL SELECT endpoint, sequence FROM positions
            )
            """
        let hold = try database.first(sql) { row -> JournalHold? in
            guard let endpoint = row[0] as String?, let after = row[1] as Int64? else { return nil }
            return JournalHold(endpoint: endpoint, after: after)
        }
        guard let hold = hold ?? nil, try hold.after < head() else { return nil }
        return hold
    }

    /// How many numbers from the journal's first on are needed by no endpoint any more.
    package func unneededChanges() throws -> Int64 {
        guard let first = try firstSequence() else { return 0 }
        return try max(0, (journalHold()?.after ?? head()) - first + 1)
    }
}
