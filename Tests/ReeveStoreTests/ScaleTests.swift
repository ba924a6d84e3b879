import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct ScaleTests {
    @Test func `what is due among a million tasks is found by an index`() async throws {
        try await withStore { store, directory in
            let now = directory.clock.now.milliseconds
            try await store.write { transaction in
                try transaction.database.run("PRAGMA cache_size = -200000")
                try transaction.database.run(
                    """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000)
                    INSERT INTO tasks (id, revision, definition, source, by, createdAt, changedAt, anchor,
                        plannedRevision, nextDue, nextFire)
                    SELECT 'task-' || n, 1, '{"id":"task-' || n || '","revision":1,"command":["true"]}', 'rpc', 'uid:0',
                        0, 0, 0, CASE n WHEN 500000 THEN NULL ELSE 1 END, \(now) + n, \(now) + (n * 7919) % 1000003
                    FROM numbers
                    """
                )
            }
            // Task 1 has 7919, and so on: the earliest is the one that gives 1.
            let earliest = try await store.read { try $0.earliestFire() }
            #expect(earliest == Timestamp(milliseconds: now + 1))
            let due = try await store.read { try $0.dueTasks(now: Timestamp(milliseconds: now + 3), limit: 100) }
            #expect(due.map { ($0.nextFire?.milliseconds ?? 0) - now } == [1, 2, 3])
            #expect(try await store.read { try $0.unplannedTasks(limit: 100).map(\.id) } == ["task-500000"])

            let plans = try await store.read { reader in
                try [
                    TaskQuery.due, TaskQuery.earliestFire, TaskQuery.unplanned, TaskQuery.toResume, TaskQuery.ofSources,
                ].map { query in
                    let query = query.replacing("?", with: "1")
                    return try reader.database.all("EXPLAIN QUERY PLAN " + query) { $0.text(3) ?? "" }
                }
            }
            let index = ["tasks_nextFire", "tasks_nextFire", "tasks_unplanned", "tasks_pausedUntil", "tasks_source"]
            for (plan, index) in zip(plans, index) {
                #expect(plan.count == 1, "\(plan)")  // no sorting
                #expect(plan.first?.contains("INDEX \(index)") == true, "\(plan)")
            }
        }
    }

    @Test func `tasks that may be due by the host's start are found page by page, and no others`() async throws {
        try await withStore { store, _ in
            try await store.write { transaction in
                func put(_ id: String, _ kind: ScheduleDefinition.Kind, _ command: [String] = ["true"]) throws {
                    let task = TaskDefinition(id: id, schedule: ScheduleDefinition(kind), command: command)
                    _ = try transaction.putTask(task, source: "rpc", by: "uid:0")
                }
                try put("each", .everyBoot)
                try put("daily", .cron("@daily"), ["reboot"])
                try put("next", .nextBoot)
                try put("cron", .cron("@ReBoot"))
                try put("text", .text("@REBOOT"))
                try put("decided", .everyBoot)
                try put("removed", .everyBoot)
                _ = try transaction.removeTask("removed", by: "uid:0", source: "rpc")
                try transaction.decideBoot("decided", boot: "boot-2")
                try transaction.decideBoot("next", boot: "boot-1")
            }
            var pages: [[String]] = []
            var last: Int64 = 0
            repeat {
                let page = try await store.read { [last] in
                    try $0.tasksWaitingForBoot("boot-2", after: last, limit: 3)
                }
                pages.append(page.ids)
                last = page.last
            } while pages.last?.isEmpty == false
            #expect(pages == [["each", "next", "cron"], ["text"], []])
        }
    }

    @Test func `a lane's changes and the runs that wait are found by an index`() async throws {
        try await withStore { store, _ in
            let plans = try await store.read { reader in
                try [
                    "SELECT sequence FROM journal WHERE lane = 'a' ORDER BY sequence DESC LIMIT 1",
                    RunQuery.pending, RunQuery.live, RunQuery.nextRetry, RunQuery.overdue, RunQuery.nextOverdue,
                ].map { query in
                    let query = query.replacing("?", with: "1")
                    return try reader.database.all("EXPLAIN QUERY PLAN " + query) { $0.text(3) ?? "" }
                }
            }
            #expect(plans[0].count == 1 && plans[0][0].contains("INDEX journal_lane"), "\(plans[0])")
            for (plan, index) in zip(plans.dropFirst(), ["queue", "queue", "notBefore", "notAfter", "notAfter"]) {
                #expect(plan.count == 1 && plan[0].contains("INDEX runs_\(index)"), "\(plan)")  // no sorting
            }
        }
    }
}
