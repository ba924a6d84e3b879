import GRDB
import JSON
package import ReeveProtocol

extension Transaction {
    /// Puts a task: makes it, changes it, or finds that it is there already.
    ///
    /// Without a revision the same content changes nothing, other content becomes the current revision plus 1. With one,
    /// the same revision with other content and an older one are a `conflict` with the current revision. A task that
    /// was removed goes on with its numbers and its watermark. A new revision is anchored now and has to be planned;
    /// a pause stays.
    /// - Parameters:
    ///   - source: Where it comes from; a task of another source is a `conflict` with its owner.
    ///   - by: Who puts it.
    ///   - ifRevision: The revision that must be current, else `conflict`; 0: there must be no such task.
    package func putTask(
        _ definition: TaskDefinition,
        source: String,
        by: String,
        ifRevision: Int? = nil
    ) throws -> TaskPut {
        let stored = try task(definition.id, includingRemoved: true)
        let rules = TaskRevisions(stored)
        if let stored, let error = rules.ownership(stored, source) { throw error }
        guard let revision = try rules.revision(of: definition, ifRevision: ifRevision) else {
            // The rules find nothing to change only where there is a task.
            return TaskPut(task: try existingTask(definition.id), created: false, changed: false)
        }
        var definition = definition
        definition.revision = revision
        if try !liveRuns(task: definition.id).isEmpty {
            let sql = "INSERT OR IGNORE INTO revisions SELECT id, revision, definition FROM tasks WHERE id = ?"
            try database.run(sql, [.text(definition.id)])
        }
        let created = stored?.removed ?? true
        let isOtherSchedule = created || stored?.definition.schedule != definition.schedule
        try write(definition, source: source, by: by, isOtherSchedule: isOtherSchedule)
        let task = try existingTask(definition.id)
        if created {
            try append(task, "created", "created by \(by)")
        } else {
            try append(task, "changed", "changed to revision \(revision) by \(by)")
        }
        tell(.tasks)
        return TaskPut(task: task, created: created, changed: true)
    }

    /// Removes a task; its numbers stay for one of the same id that may come. Runs that have begun go on, the others
    /// are canceled.
    ///
    /// Throws `notFound`, and `conflict` with the owner where the task is another source's.
    package func removeTask(_ id: String, by: String, source: String) throws -> StoredTask {
        let stored = try existingTask(id)
        if let error = TaskRevisions(stored).ownership(stored, source) { throw error }
        for run in try liveRuns(task: id) where run.status == .pending {
            _ = try cancel(run, cause: "taskRemoved", reason: "its task was removed before it began")
        }
        try database.run(
            """
            UPDATE tasks SET removed = 1, paused = NULL, pausedUntil = NULL, plannedRevision = NULL, nextDue = NULL,
                nextFire = NULL, completed = 0, by = ?, changedAt = ?
            WHERE id = ?
            """,
            [.text(by), .time(now), .text(id)]
        )
        let task = try existingTask(id, includingRemoved: true)
        try append(task, "removed", "removed by \(by)")
        tell(.tasks)
        return task
    }

    /// Pauses a task, or resumes it (`nil`). Resuming what is not paused changes nothing. Throws `notFound`.
    /// - Parameter by: Who resumes it; who pauses is in the pause.
    @discardableResult
    package func setPaused(_ id: String, _ pause: Pause?, by: String = "agent") throws -> StoredTask {
        let stored = try existingTask(id)
        guard stored.pause != pause else { return stored }
        try database.run(
            "UPDATE tasks SET paused = ?, pausedUntil = ? WHERE id = ?",
            [try .encoded(pause), .time(pause?.until), .text(id)]
        )
        let task = try existingTask(id)
        if let pause {
            let end = pause.until.map { " until \($0)" } ?? ""
            let reason = pause.reason.map { ": \($0)" } ?? ""
            try append(task, "paused", "paused by \(pause.by)\(end)\(reason)")
        } else {
            try append(task, "resumed", "resumed by \(by)")
        }
        tell(.tasks)
        return task
    }

    /// - Parameter isOtherSchedule: Whether its schedule begins anew: the runs that it makes, and whether it is done.
    private func write(
        _ definition: TaskDefinition,
        source: String,
        by: String,
        isOtherSchedule: Bool
    ) throws {
        try database.run(
            """
            INSERT INTO tasks (id, revision, definition, labels, source, by, createdAt, changedAt, anchor)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7)
            ON CONFLICT (id) DO UPDATE SET
                revision = ?2, definition = ?3, labels = ?4, source = ?5, by = ?6, changedAt = ?7, anchor = ?7,
                createdAt = CASE removed WHEN 1 THEN ?7 ELSE createdAt END, removed = 0, plannedRevision = NULL,
                nextDue = NULL, nextFire = NULL, completed = CASE ?8 WHEN 1 THEN 0 ELSE completed END,
                scheduledRuns = CASE ?8 WHEN 1 THEN 0 ELSE scheduledRuns END
            """,
            [
                .text(definition.id), .integer(definition.revision), try .encoded(definition),
                try .encoded(definition.labels), .text(source), .text(by), .time(now),
                .integer(isOtherSchedule ? 1 : 0),
            ]
        )
    }

    /// Throws `notFound`.
    func existingTask(_ id: String, includingRemoved: Bool = false) throws -> StoredTask {
        guard let task = try task(id, includingRemoved: includingRemoved) else { throw StoreError.notFound("task", id) }
        return task
    }

    /// Appends the change that tells of what was done to the task.
    func append(_ task: StoredTask, _ what: String, _ summary: String) throws {
        var data: JSONObject = [
            "task": .string(task.id), "revision": .number(String(task.revision)), "source": .string(task.source),
            "by": .string(task.by), "labels": try JSONCoder.encode(task.definition.labels ?? [:]),
        ]
        data["paused"] = try task.pause.map { try JSONCoder.encode($0) }
        try append(
            lane: .task(task.id),
            StateChange.Content(
                type: EventType.task(what),
                subject: task.id,
                time: now,
                summary: "\(task.id) \(summary)",
                data: .object(data)
            )
        )
    }
}
