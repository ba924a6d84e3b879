import GRDB
package import ReeveProtocol

// What the scheduler writes of a task beside its runs.
extension Transaction {
    /// Notes when a revision of a task is due next; both times `nil` if never, or not by time.
    ///
    /// Answers whether it was noted: not if the task was changed or removed meanwhile.
    @discardableResult
    package func plan(_ id: String, revision: Int, nextDue: Timestamp?, nextFire: Timestamp?) throws -> Bool {
        try database.run(
            """
            UPDATE tasks SET plannedRevision = revision, nextDue = ?, nextFire = ?
            WHERE id = ? AND revision = ? AND removed = 0
            """,
            [.time(nextDue), .time(nextFire), .text(id), .integer(revision)]
        )
        tell(.plans)
        return database.changesCount > 0
    }

    /// The slots up to `watermark` are decided, and the next one is known.
    ///
    /// - Parameter runs: How many of them became runs.
    ///
    /// Throws `notFound`, and `backwards` if `watermark` is not after the one before: nothing is decided twice.
    package func advance(
        _ id: String,
        runs: Int,
        watermark: Timestamp,
        nextDue: Timestamp?,
        nextFire: Timestamp?
    ) throws {
        try database.run(
            """
            UPDATE tasks SET watermark = ?1, nextDue = ?2, nextFire = ?3, scheduledRuns = scheduledRuns + ?5
            WHERE id = ?4 AND removed = 0 AND (watermark IS NULL OR watermark < ?1)
            """,
            [.time(watermark), .time(nextDue), .time(nextFire), .text(id), .integer(runs)]
        )
        tell(.plans)
        guard database.changesCount == 0 else { return }
        let decided = try existingTask(id).watermark
        let until = decided.map { "\($0)" } ?? "nothing"
        throw StoreError(
            .backwards,
            "slots of task \"\(id)\" are decided up to \(until), so not again up to \(watermark)"
        )
    }

    /// The slot that a start of the host is has been decided. Throws `notFound`.
    package func decideBoot(_ id: String, boot: String) throws {
        try update("UPDATE tasks SET bootDecided = ? WHERE id = ? AND removed = 0", [.text(boot), .text(id)], id)
    }

    /// The schedule of a task has no slot any more: tells of it once. Throws `notFound`.
    package func complete(_ id: String) throws {
        try database.run(
            """
            UPDATE tasks SET completed = 1, nextDue = NULL, nextFire = NULL
            WHERE id = ? AND removed = 0 AND completed = 0
            """,
            [.text(id)]
        )
        let isNew = database.changesCount > 0
        let task = try existingTask(id)
        guard isNew else { return }
        try append(task, "completed", "completed: its schedule has no further time")
        tell(.tasks)
    }

    /// Every task has to be planned anew, such as after a change of the time zones.
    package func forgetPlans() throws {
        try database.run("UPDATE tasks SET plannedRevision = NULL WHERE removed = 0")
        tell(.tasks)
    }

    private func update(_ sql: String, _ values: [DatabaseValue], _ id: String) throws {
        try database.run(sql, values)
        guard database.changesCount > 0 else { throw StoreError.notFound("task", id) }
    }
}
