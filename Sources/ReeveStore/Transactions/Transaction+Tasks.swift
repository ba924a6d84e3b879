import GRDB
import JSON
package import ReeveProtocol

extension Transaction {
    /// Puts a task: makes it, changes it, or finds that it is there already.
    ///
    /// Without a revision the same content changes nothing, other content becomes the current revision plus 1. With one,
    /// the same revision with other content and an older one are a `conflict` with the current revision. A task that
    /// was removed goes on with its numbers and its watermark. A new revision is anchored now and has to be planned;
    /// a pause stays. Runs that live are asked to end, if that is what the new revision says.
    /// - Parameters:
    ///   - source: Where it comes from; a task of another source is a `conflict` with its owner.
    ///   - by: Who puts it.
    ///   - ifRevision: The revision that must be current, else `conflict`; 0: there must be no such task.
    ///   - set: What it is applied with; a task of another set is a `conflict` with that. Absent: it stays in its set.
    package func putTask(
        _ definition: TaskDefinition,
        source: String,
        by: String,
        ifRevision: Int? = nil,
        set: String? = nil
    ) throws -> TaskPut {
        let stored = try task(definition.id, includingRemoved: true)
        let before = stored.flatMap { $0.removed ? nil : $0 }
        let rules = TaskRevisions(stored)
        if let before, let error = rules.ownership(before, source) ?? rules.membership(before, set) { throw error }
        guard let revision = try rules.revision(of: definition, ifRevision: ifRevision) else {
            if let set {
                try database.run("UPDATE tasks SET applySet = ? WHERE id = ?", [.text(set), .text(definition.id)])
            }
            // The rules find nothing to change only where there is a task.
            return TaskPut(before: before, task: try existingTask(definition.id), changed: false)
        }
        var definition = definition
        definition.revision = revision
        if try !liveRuns(task: definition.id).isEmpty {
            let sql = "INSERT OR IGNORE INTO revisions SELECT id, revision, definition FROM tasks WHERE id = ?"
            try database.run(sql, [.text(definition.id)])
        }
        let isOtherSchedule = before?.definition.schedule != definition.schedule || before == nil
        try write(definition, source: source, by: by, set: set, isOtherSchedule: isOtherSchedule)
        let task = try existingTask(definition.id)
        if before == nil {
            try append(task, "created", "created by \(by)")
        } else {
            try append(task, "changed", "changed to revision \(revision) by \(by)")
        }
        try stopLiving(task, by: by, reason: "the task was changed")
        tell(.tasks)
        return TaskPut(before: before, task: task, changed: true)
    }

    /// Gives a task to another source of the same definition, and changes nothing else of it. Throws `notFound`.
    package func moveTask(_ id: String, to source: String) throws {
        _ = try existingTask(id)
        try database.run("UPDATE tasks SET source = ? WHERE id = ?", [.text(source), .text(id)])
    }

    /// Asks what lives of the task to end, if that is what it wants when it is changed or removed.
    private func stopLiving(_ task: StoredTask, by: String, reason: String) throws {
        guard task.definition.onChange == .stop else { return }
        let request = StopRequest(at: now, by: by, reason: reason)
        for run in try liveRuns(task: task.id) { _ = try requestStop(run.id, request) }
    }

    /// Removes a task; its numbers stay for one of the same id that may come. Runs that have not begun are canceled;
    /// those that have go on, or are asked to end, as it says.
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
                nextFire = NULL, completed = 0, applySet = NULL, by = ?, changedAt = ?
            WHERE id = ?
            """,
            [.text(by), .time(now), .text(id)]
        )
        let task = try existingTask(id, includingRemoved: true)
        try append(task, "removed", "removed by \(by)")
        try stopLiving(task, by: by, reason: "the task was removed")
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
        set: String?,
        isOtherSchedule: Bool
    ) throws {
        try database.run(
            """
            INSERT INTO tasks (id, revision, definition, labels, source, by, createdAt, changedAt, anchor, applySet)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7, ?9)
            ON CONFLICT (id) DO UPDATE SET
                revision = ?2, definition = ?3, labels = ?4, source = ?5, by = ?6, changedAt = ?7, anchor = ?7,
                applySet = ifnull(?9, applySet),
                createdAt = CASE removed WHEN 1 THEN ?7 ELSE createdAt END, removed = 0, plannedRevision = NULL,
                nextDue = NULL, nextFire = NULL, completed = CASE ?8 WHEN 1 THEN 0 ELSE completed END,
                scheduledRuns = CASE ?8 WHEN 1 THEN 0 ELSE scheduledRuns END
            """,
            [
                .text(definition.id), .integer(definition.revision), try .encoded(definition),
                try .encoded(definition.labels), .text(source), .text(by), .time(now),
                .integer(isOtherSchedule ? 1 : 0), .text(set),
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
