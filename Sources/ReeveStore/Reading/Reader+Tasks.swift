import GRDB
package import ReeveProtocol

/// The questions that a timer asks: each is answered by an index, however many tasks there are.
enum TaskQuery {
    static let columns = """
        definition, source, by, createdAt, changedAt, anchor, paused, removed, plannedRevision, watermark, nextDue,
        nextFire, completed, lastNumber, lastRun, lastRunNumber, lastOutcome, bootDecided,
        scheduledRuns, applySet
        """
    static let due = "SELECT \(columns) FROM tasks WHERE nextFire <= ? ORDER BY nextFire LIMIT ?"
    static let earliestFire = "SELECT nextFire FROM tasks WHERE nextFire IS NOT NULL ORDER BY nextFire LIMIT 1"
    static let unplanned =
        "SELECT \(columns) FROM tasks WHERE removed = 0 AND plannedRevision IS NOT revision ORDER BY row LIMIT ?"
    /// In the order of the rows, so that one walk through the table finds all; nothing of a task that is due by time only
    /// is decoded.
    static let waitingForBoot = """
        SELECT row, id FROM tasks
        WHERE row > ? AND removed = 0 AND bootDecided IS NOT ? AND definition LIKE '%boot%'
            AND definition -> '$.schedule' LIKE '%boot%'
        ORDER BY row LIMIT ?
        """
    static let ofSet = "SELECT \(columns) FROM tasks WHERE applySet = ? ORDER BY id"
    static let ofSources = """
        SELECT id, source FROM tasks WHERE removed = 0 AND source <> 'rpc' AND source >= ? AND source < ? ORDER BY source
        """
    static let toResume = "SELECT \(columns) FROM tasks WHERE pausedUntil <= ? ORDER BY pausedUntil LIMIT ?"
    static let earliestResume =
        "SELECT pausedUntil FROM tasks WHERE pausedUntil IS NOT NULL ORDER BY pausedUntil LIMIT 1"
}

extension StateReading {
    /// What the task said in that revision, also if it is changed or removed since; `nil` if no run that lives goes by it.
    package func definition(task id: String, revision: Int) throws -> TaskDefinition? {
        if let task = try task(id, includingRemoved: true), task.revision == revision { return task.definition }
        let sql = "SELECT definition FROM revisions WHERE task = ? AND revision = ?"
        return try database.first(sql, [.text(id), .integer(revision)]) { try $0.decoded(0, TaskDefinition.self) }
            ?? nil
    }

    private var columns: String { TaskQuery.columns }

    /// `nil` if there is none; one that was removed only if asked for.
    package func task(_ id: String, includingRemoved: Bool = false) throws -> StoredTask? {
        let task = try database.first("SELECT \(columns) FROM tasks WHERE id = ?", [.text(id)], StoredTask.init(row:))
        return task.flatMap { $0.removed && !includingRemoved ? nil : $0 }
    }

    /// Tasks by id, after the one of that id (which need not be there).
    package func tasks(after id: String? = nil, limit: Int) throws -> [StoredTask] {
        let sql = "SELECT \(columns) FROM tasks WHERE id > ? AND removed = 0 ORDER BY id LIMIT ?"
        return try database.all(sql, [.text(id ?? ""), .integer(limit)], StoredTask.init(row:))
    }

    /// The tasks that were applied with a set, by id.
    package func tasks(ofSet set: String) throws -> [StoredTask] {
        try database.all(TaskQuery.ofSet, [.text(set)], StoredTask.init(row:))
    }

    /// The ids of tasks whose source begins so, with their sources.
    package func taskSources(beginning prefix: String) throws -> [(id: String, source: String)] {
        let values: [DatabaseValue] = [.text(prefix), .text(prefix + "\u{10FFFF}")]
        return try database.all(TaskQuery.ofSources, values) { ($0[0] as String, $0[1] as String) }
    }

    /// Tasks whose next start is due, earliest first.
    package func dueTasks(now: Timestamp, limit: Int) throws -> [StoredTask] {
        try database.all(TaskQuery.due, [.time(now), .integer(limit)], StoredTask.init(row:))
    }

    /// The next start of any task.
    package func earliestFire() throws -> Timestamp? {
        try database.number(TaskQuery.earliestFire).map(Timestamp.init(milliseconds:))
    }

    /// Tasks whose current revision has not been planned.
    package func unplannedTasks(limit: Int) throws -> [StoredTask] {
        try database.all(TaskQuery.unplanned, [.integer(limit)], StoredTask.init(row:))
    }

    /// Tasks that may be due by the start of the host, and for which `boot` has not been decided: those in whose schedule
    /// the word is. `after` is the `last` of the answer before.
    package func tasksWaitingForBoot(
        _ boot: String,
        after row: Int64 = 0,
        limit: Int
    ) throws -> (ids: [String], last: Int64) {
        let values: [DatabaseValue] = [.integer(row), .text(boot), .integer(limit)]
        let found = try database.all(TaskQuery.waitingForBoot, values) { ($0[0] as Int64, $0[1] as String) }
        return (found.map(\.1), found.last?.0 ?? row)
    }

    /// Paused tasks that are to resume by now, earliest first.
    package func tasksToResume(now: Timestamp, limit: Int) throws -> [StoredTask] {
        try database.all(TaskQuery.toResume, [.time(now), .integer(limit)], StoredTask.init(row:))
    }

    /// When the next paused task is to resume.
    package func earliestResume() throws -> Timestamp? {
        try database.number(TaskQuery.earliestResume).map(Timestamp.init(milliseconds:))
    }
}

extension StoredTask {
    fileprivate init(row: Row) throws {
        guard let definition = try row.decoded(0, TaskDefinition.self), let createdAt = row.time(3),
            let changedAt = row.time(4), let anchor = row.time(5)
        else { throw StoreError(.unexpected, "a task's record cannot be read") }
        self.definition = definition
        source = row[1]
        by = row[2]
        self.createdAt = createdAt
        self.changedAt = changedAt
        self.anchor = anchor
        pause = try row.decoded(6)
        removed = row[7]
        plannedRevision = row[8]
        watermark = row.time(9)
        nextDue = row.time(10)
        nextFire = row.time(11)
        completed = row[12]
        lastNumber = row[13]
        bootDecided = row[17]
        scheduledRuns = row[18]
        set = row[19]
        if let run = row[14] as String?, let number = row[15] as Int?, let word = row[16] as String?,
            let outcome = Outcome(rawValue: word)
        {
            last = LastRun(run: run, number: number, outcome: outcome)
        }
    }
}
