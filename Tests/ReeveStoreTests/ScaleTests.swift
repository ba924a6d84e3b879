import GRDB
import JSON
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

    @Test func `of a hundred thousand runs a page is found without going through them`() async throws {
        try await withStore { store, _ in
            try await store.write { transaction in
                let run = Run(
                    id: "ID",
                    task: "TASK",
                    number: 1,
                    revision: 1,
                    trigger: .manual,
                    createdAt: transaction.now
                )
                let record = try JSONCoder.encode(run).text.replacing("'", with: "''")
                try transaction.database.run(
                    """
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
                    INSERT INTO runs (id, task, number, status, outcome, createdAt, record)
                    SELECT 'id-' || n, 'task-' || (n % 1000), n, 'stopped',
                        CASE WHEN n IN (7, 77) THEN 'lost' WHEN n % 10000 = 0 THEN 'failed' ELSE 'succeeded' END, n,
                        replace(replace(replace('\(record)', '\(transaction.now)', strftime('%Y-%m-%dT%H:%M:%fZ', n / 1000.0, 'unixepoch')),
                            '"ID"', '"id-' || n || '"'), '"TASK"', '"task-' || (n % 1000) || '"')
                    FROM numbers
                    """
                )
            }
            func list(_ outcomes: [Outcome]? = nil, task: String? = nil, after: String? = nil) async throws -> [String]
            {
                try await store.read { reader in
                    let last = try after.flatMap { try reader.run($0) }
                    let query = try #require(RunQuery.page(task: task, after: last, limit: 5, outcomes: outcomes))
                    let plan = try reader.database.all("EXPLAIN QUERY PLAN " + query.sql, query.values) {
                        $0.text(3) ?? ""
                    }
                    let walks = plan.filter { $0.contains(" runs") }
                    #expect(walks.allSatisfy { $0.contains("USING INDEX") || $0.contains("COVERING INDEX") }, "\(plan)")
                    // What is sorted is what the parts have found: a page of each.
                    let sorts = plan.count { $0.contains("TEMP B-TREE FOR ORDER BY") }
                    #expect(sorts <= ((outcomes?.count ?? 1) > 1 ? 1 : 0), "\(plan)")
                    return try reader.runs(task: task, after: after, limit: 5, outcomes: outcomes).map(\.id)
                }
            }
            #expect(try await list() == (0..<5).map { "id-\(100_000 - $0)" })
            #expect(try await list(after: "id-50000") == (1...5).map { "id-\(50_000 - $0)" })
            #expect(try await list([.lost, .failed]) == (0..<5).map { "id-\(100_000 - $0 * 10_000)" })
            #expect(try await list([.lost, .failed], after: "id-20000") == ["id-10000", "id-77", "id-7"])
            #expect(try await list([.lost]) == ["id-77", "id-7"])
            #expect(try await list([.canceled]) == [])
            #expect(try await list(task: "task-7") == (0..<5).map { "id-\(99_007 - $0 * 1000)" })
            #expect(try await list([.lost], task: "task-7") == ["id-7"])
        }
    }
}
