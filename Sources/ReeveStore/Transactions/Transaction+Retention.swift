import GRDB
package import ReeveProtocol

// What housekeeping removes. Each call does a bounded piece, so that it does not keep other writes waiting for long;
// it is repeated until it answers with nothing.
extension Transaction {
    /// Removes changes up to a number from the journal, but none that an endpoint has still to be done with.
    ///
    /// Answers how many it removed. Their numbers are never used again.
    /// - Parameter limit: How many numbers to go through at most.
    package func trimJournal(upTo sequence: Int64, limit: Int = 10_000) throws -> Int {
        guard let first = try firstSequence() else { return 0 }
        let last = try min(sequence, journalHold()?.after ?? .max, first.addingSaturated(Int64(limit) - 1))
        try database.run("DELETE FROM journal WHERE sequence <= ?", [.integer(last)])
        return database.changesCount
    }

    /// Removes what tasks said in earlier revisions by which no run lives any more.
    package func expireRevisions() throws {
        let isLive = "SELECT * FROM runs AS r WHERE r.task = revisions.task AND r.status <> 'stopped'"
        try database.run("DELETE FROM revisions WHERE NOT EXISTS (\(isLive))")
    }

    /// Removes the records of these runs as far as they have stopped.
    ///
    /// Answers the ids of those that it removed, so that what belongs to them elsewhere (their output) can go too.
    package func removeRuns(_ ids: [String]) throws -> [String] {
        try ids.flatMap { id in
            try database.all("DELETE FROM runs WHERE id = ? AND status = 'stopped' RETURNING id", [.text(id)]) {
                $0[0] as String
            }
        }
    }

    /// Removes ad hoc tasks that were put before a time and have no living run, with their runs, and tells of it.
    ///
    /// Answers the ids of the runs. No tombstone stays: an ad hoc task's id is never used again.
    package func expireAdHocTasks(putBefore time: Timestamp, limit: Int = 100) throws -> [String] {
        // "." follows "-": the range is that of all ids that begin with the prefix.
        let tasks = try database.all(
            """
            SELECT id FROM tasks AS t WHERE id >= '\(adHocPrefix)' AND id < 'adhoc.' AND changedAt < ?
                AND NOT EXISTS (SELECT * FROM runs AS r WHERE r.task = t.id AND r.status <> 'stopped')
            LIMIT ?
            """,
            [.time(time), .integer(limit)]
        ) { $0[0] as String }
        return try tasks.flatMap { task in
            if let stored = try self.task(task) { try append(stored, "removed", "removed: its time was over") }
            let runs = try database.all("DELETE FROM runs WHERE task = ? RETURNING id", [.text(task)]) {
                $0[0] as String
            }
            try database.run("DELETE FROM tasks WHERE id = ?", [.text(task)])
            return runs
        }
    }
}
