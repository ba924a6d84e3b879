import GRDB
package import ReeveProtocol

/// What the runner asks all the time: the queue is a walk along an index, however long it is.
enum RunQuery {
    private static let order = "ORDER BY priority DESC, ifnull(due, createdAt), createdAt, row"
    static let live = "SELECT record FROM runs WHERE status <> 'stopped' \(order)"
    static let pending = """
        SELECT record FROM runs
        WHERE status <> 'stopped' AND status = 'pending' AND (notBefore IS NULL OR notBefore <= ?)
        \(order) LIMIT ?
        """
    static let nextRetry =
        "SELECT notBefore FROM runs WHERE status = 'pending' AND notBefore > ? ORDER BY notBefore LIMIT 1"
    static let overdue =
        "SELECT record FROM runs WHERE status = 'pending' AND notAfter <= ? ORDER BY notAfter LIMIT ?"
    static let nextOverdue =
        "SELECT notAfter FROM runs WHERE status = 'pending' AND notAfter > ? ORDER BY notAfter LIMIT 1"

    /// Runs, newest first; `nil` if none can be meant.
    static func page(
        task: String? = nil,
        after last: Run? = nil,
        limit: Int,
        since: Timestamp? = nil,
        outcomes: [Outcome]? = nil,
        live: Bool = false,
        hidden: Bool = true
    ) -> (sql: String, values: [DatabaseValue])? {
        var conditions: [String] = []
        var values: [DatabaseValue] = []
        func add(_ condition: String, _ value: DatabaseValue...) {
            conditions.append(condition)
            values += value
        }
        if let task { add("task = ?", .text(task)) }
        if let last, task != nil {
            add("number < ?", .integer(last.number))
        } else if let last {
            add("(createdAt, row) < (?, (SELECT row FROM runs WHERE id = ?))", .time(last.createdAt), .text(last.id))
        }
        if let since { add("createdAt >= ?", .time(since)) }
        if live { add("status <> 'stopped'") }
        if !hidden { add("substr(task, 1, \(adHocPrefix.count)) <> '\(adHocPrefix)'") }
        let order = task == nil ? "createdAt DESC, row DESC" : "number DESC"
        // The few that live, or that ended in a way that is rare, are not looked for through the whole history.
        let index = task != nil ? "" : outcomes != nil ? "INDEXED BY runs_outcome" : live ? "INDEXED BY runs_queue" : ""
        // Each once, however often it is named.
        let parts =
            outcomes.map { Outcome.allCases.filter($0.contains).map { conditions + ["outcome = '\($0.rawValue)'"] } }
            ?? [conditions]
        let selects = parts.map { conditions in
            let condition = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            return "SELECT record, createdAt, row, number FROM runs \(index) \(condition) ORDER BY \(order) LIMIT ?"
        }
        let each = selects.flatMap { _ in values + [.integer(limit)] }
        switch selects.count {
        case 0: return nil
        case 1: return (selects[0], each)
        default:
            let union = selects.map { "SELECT * FROM (\($0))" }.joined(separator: " UNION ALL ")
            return ("SELECT record FROM (\(union)) ORDER BY \(order) LIMIT ?", each + [.integer(limit)])
        }
    }
}

extension StateReading {
    package func run(_ id: String) throws -> Run? {
        try runs("SELECT record FROM runs WHERE id = ?", [.text(id)]).first
    }

    /// How far a run is, without all that is known of it; `nil`: there is none of that id.
    package func status(ofRun id: String) throws -> RunStatus? {
        try database.first("SELECT status FROM runs WHERE id = ?", [.text(id)]) { $0[0] as String }
            .flatMap(RunStatus.init(rawValue:))
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
    ///   - live: Only those that have not stopped.
    ///   - hidden: Also those of the ad hoc tasks of `reeve run`.
    package func runs(
        task: String? = nil,
        after: String? = nil,
        limit: Int,
        since: Timestamp? = nil,
        outcomes: [Outcome]? = nil,
        live: Bool = false,
        hidden: Bool = true
    ) throws -> [Run] {
        let last = try after.map { id in
            guard let last = try run(id) else { throw StoreError.notFound("run", id) }
            return last
        }
        let query = RunQuery.page(
            task: task,
            after: last,
            limit: limit,
            since: since,
            outcomes: outcomes,
            live: live,
            hidden: hidden
        )
        return try query.map { try runs($0.sql, $0.values) } ?? []
    }

    /// Every run that has not stopped, in the order in which they begin: the highest priority first, and among equals by
    /// due time, or when they were made.
    package func liveRuns() throws -> [Run] { try runs(RunQuery.live, []) }

    /// The task's runs that have not stopped, oldest first.
    package func liveRuns(task: String) throws -> [Run] {
        let sql = "SELECT record FROM runs WHERE task = ? AND status <> 'stopped' ORDER BY number"
        return try runs(sql, [.text(task)])
    }

    /// Runs that wait to be started, in the order of ``liveRuns()``, without other tries whose time has not come.
    package func pendingRuns(now: Timestamp, limit: Int) throws -> [Run] {
        try runs(RunQuery.pending, [.time(now), .integer(limit)])
    }

    /// When the next try comes due that waits for its time.
    package func nextRetry(after now: Timestamp) throws -> Timestamp? {
        try database.number(RunQuery.nextRetry, [.time(now)]).map(Timestamp.init(milliseconds:))
    }

    /// Runs that wait to be started and have waited for too long, those first that should have begun first.
    package func overdueRuns(now: Timestamp, limit: Int) throws -> [Run] {
        try runs(RunQuery.overdue, [.time(now), .integer(limit)])
    }

    /// When the next run has waited for too long.
    package func nextOverdue(after now: Timestamp) throws -> Timestamp? {
        try database.number(RunQuery.nextOverdue, [.time(now)]).map(Timestamp.init(milliseconds:))
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
