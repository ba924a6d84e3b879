import GRDB
package import ReeveProtocol

extension StateReading {
    package func run(_ id: String) throws -> Run? {
        try runs("SELECT record FROM runs WHERE id = ?", [.text(id)]).first
    }

    package func run(task: String, number: Int) throws -> Run? {
        try runs("SELECT record FROM runs WHERE task = ? AND number = ?", [.text(task), .integer(number)]).first
    }

    /// The run that a person names: its id, `TASK/7`, `TASK/-1` for the task's last, `TASK/-2` for the one before.
    package func resolve(_ name: String) throws -> Run? {
        guard let slash = name.lastIndex(of: "/"), let number = Int(name[name.index(after: slash)...]) else {
            return try run(name)
        }
        let task = String(name[..<slash])
        guard number < 0 else { return try run(task: task, number: number) }
        let sql = "SELECT record FROM runs WHERE task = ? ORDER BY number DESC LIMIT 1 OFFSET ?"
        return try runs(sql, [.text(task), .integer(-1 - max(number, -1 << 30))]).first
    }

    /// Runs, newest first.
    /// - Parameters:
    ///   - task: Only of this task.
    ///   - after: The id of the last run of the page before; `notFound` if it is gone.
    ///   - since: Only those made at that time or later.
    ///   - outcomes: Only those that ended so.
    ///   - hidden: Also those of the ad hoc tasks of `reeve run`.
    package func runs(
        task: String? = nil,
        after: String? = nil,
        limit: Int,
        since: Timestamp? = nil,
        outcomes: [Outcome]? = nil,
        hidden: Bool = true
    ) throws -> [Run] {
        var conditions: [String] = []
        var values: [DatabaseValue] = []
        if let task {
            conditions.append("task = ?")
            values.append(.text(task))
        }
        if let after {
            guard let last = try run(after) else { throw StoreError.notFound("run", after) }
            if task != nil {
                conditions.append("number < ?")
                values.append(.integer(last.number))
            } else {
                conditions.append("(createdAt, row) < (?, (SELECT row FROM runs WHERE id = ?))")
                values += [.time(last.createdAt), .text(after)]
            }
        }
        if let since {
            conditions.append("createdAt >= ?")
            values.append(.time(since))
        }
        if let outcomes {
            conditions.append("outcome IN (\(outcomes.map { _ in "?" }.joined(separator: ", ")))")
            values += outcomes.map { .text($0.rawValue) }
        }
        if !hidden { conditions.append("substr(task, 1, \(adHocPrefix.count)) <> '\(adHocPrefix)'") }
        let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let order = task == nil ? "createdAt DESC, row DESC" : "number DESC"
        return try runs("SELECT record FROM runs \(condition) ORDER BY \(order) LIMIT ?", values + [.integer(limit)])
    }

    /// Every run that has not stopped, in the order in which they were wanted: by due time, or when they were made.
    package func liveRuns() throws -> [Run] {
        let order = "ORDER BY ifnull(due, createdAt), createdAt, row"
        return try runs("SELECT record FROM runs WHERE status <> 'stopped' \(order)", [])
    }

    /// The task's runs that have not stopped, oldest first.
    package func liveRuns(task: String) throws -> [Run] {
        let sql = "SELECT record FROM runs WHERE task = ? AND status <> 'stopped' ORDER BY number"
        return try runs(sql, [.text(task)])
    }

    /// Runs that wait to be started, in the order of ``liveRuns()``, without other tries whose time has not come.
    package func pendingRuns(now: Timestamp, limit: Int) throws -> [Run] {
        let sql = """
            SELECT record FROM runs
            WHERE status <> 'stopped' AND status = 'pending' AND (notBefore IS NULL OR notBefore <= ?)
            ORDER BY ifnull(due, createdAt), createdAt, row LIMIT ?
            """
        return try runs(sql, [.time(now), .integer(limit)])
    }

    /// When the next try comes due that waits for its time.
    package func nextRetry(after now: Timestamp) throws -> Timestamp? {
        let sql = "SELECT min(notBefore) FROM runs WHERE status <> 'stopped' AND status = 'pending' AND notBefore > ?"
        return try database.number(sql, [.time(now)]).map(Timestamp.init(milliseconds:))
    }

    /// The first run that a task's schedule made after the one of that number, and that was not passed over.
    package func slotRun(of task: String, after number: Int) throws -> Run? {
        let sql = """
            SELECT record FROM runs
            WHERE task = ? AND number > ? AND json_extract(record, '$.trigger') IN ('schedule', 'catchUp', 'boot')
                AND ifnull(outcome, '') NOT IN ('skipped', 'missed', 'invalid')
            ORDER BY number LIMIT 1
            """
        return try runs(sql, [.text(task), .integer(number)]).first
    }

    private func runs(_ sql: String, _ values: [DatabaseValue]) throws -> [Run] {
        try database.all(sql, values) { row in
            guard let run = try row.decoded(0, Run.self) else {
                throw StoreError(.unexpected, "a run's record cannot be read")
            }
            return run
        }
    }
}

/// What the ids of the tasks begin with that `reeve run -- COMMAND` makes: hidden from lists, and gone after a day.
package let adHocPrefix = "adhoc-"
