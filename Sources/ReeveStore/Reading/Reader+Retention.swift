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
}

// What housekeeping looks for, beside the writer.
extension StateReading {
    /// Runs that have stopped and are not kept any longer: all but the last `perTask` of each task, and those made before
    /// a time. Answers their ids.
    package func expiredRuns(keeping perTask: Int, madeBefore time: Timestamp, limit: Int = 1000) throws -> [String] {
        let ids = try database.all(RetentionQuery.old, [.time(time), .integer(limit)]) { $0[0] as String }
        guard ids.isEmpty else { return ids }
        return try database.all(RetentionQuery.beyond, [.integer(perTask), .integer(limit)]) { $0[0] as String }
    }
}
