import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

/// The order of what waits to begin, and for how long it does.
@Suite struct QueueTests {
    private static func task(_ id: String, priority: Int? = nil, queueTimeout: Interval? = nil) -> TaskDefinition {
        var task = TaskDefinition(id: id, command: ["true"])
        task.priority = priority
        task.queueTimeout = queueTimeout
        return task
    }

    @Test func `the higher priority comes first, among equals what was due first`() async throws {
        try await withStore { store, directory in
            let now = directory.clock.now
            for (id, priority, due) in [
                ("low", -5, now - .hours(1)), ("none", nil, now), ("early", 0, now - .minutes(1)), ("high", 7, nil),
            ] as [(String, Int?, Timestamp?)] {
                let task = try await store.put(Self.task(id, priority: priority)).task
                _ = try await store.write { try $0.createRun(task: task, trigger: .manual, due: due) }
            }
            let order = ["high", "early", "none", "low"]
            #expect(try await store.read { try $0.pendingRuns(now: now, limit: 9) }.map(\.task) == order)
            #expect(try await store.read { try $0.liveRuns() }.map(\.task) == order)
            // A run goes by the definition of which it was made.
            _ = try await store.put(Self.task("low", priority: 100))
            #expect(try await store.read { try $0.liveRuns() }.map(\.task) == order)
            #expect(
                try await store.read { try $0.runs(limit: 9, live: true) }.map(\.task) == [
                    "high", "early", "none", "low",
                ]
            )
        }
    }

    @Test func `a run has its time in the queue from when it might begin, and is found when that is over`() async throws
    {
        try await withStore { store, directory in
            let now = directory.clock.now
            let task = try await store.put(Self.task("t", queueTimeout: .minutes(5))).task
            var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
            #expect(run.notAfter == now + .minutes(5))
            #expect(try await store.read { try $0.nextOverdue(after: now) } == run.notAfter)
            #expect(try await store.read { try $0.overdueRuns(now: now + .minutes(4), limit: 9) }.isEmpty)
            #expect(try await store.read { try $0.overdueRuns(now: now + .minutes(5), limit: 9) } == [run])
            #expect(try await store.read { try $0.nextOverdue(after: now + .minutes(5)) } == nil)

            // What has begun is in no queue, and what the runner remembers of it does not count.
            (run.status, run.notAfter) = (.running, nil)
            run = try await store.write { [run] in try $0.update(run) }
            #expect(run.notAfter == now + .minutes(5))
            #expect(try await store.read { try $0.overdueRuns(now: now + .hours(1), limit: 9) }.isEmpty)

            (run.status, run.outcome, run.willRetry) = (.stopped, .failed, now + .hours(1))
            let failed = try await store.write { [run] in try $0.update(run) }
            let retry = try await store.write { try $0.createRetry(of: failed) }
            #expect(retry.notAfter == now + .minutes(65) && retry.by == nil && retry.isAutomaticRetry)
        }
    }

    @Test func `a try that waits is hastened: it waits no longer, has all of its time, and says who asked`()
        async throws
    {
        try await withStore { store, directory in
            let task = try await store.put(Self.task("t", queueTimeout: .minutes(5))).task
            var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil, by: "uid:1") }
            (run.status, run.outcome) = (.stopped, .failed)
            run.willRetry = directory.clock.now + .hours(1)
            let failed = try await store.write { [run] in try $0.update(run) }
            let retry = try await store.write { try $0.createRetry(of: failed) }
            directory.clock.advance(by: .minutes(10))
            let now = directory.clock.now
            #expect(try await store.read { try $0.pendingRuns(now: now, limit: 9) }.isEmpty)
            let hastened = try await store.write { try $0.hasten(retry, by: "uid:7") }
            #expect(hastened.notBefore == nil && hastened.notAfter == now + .minutes(5) && hastened.by == "uid:7")
            #expect(try await store.read { try $0.pendingRuns(now: now, limit: 9) } == [hastened])
            #expect(try await store.read { try $0.nextRetry(after: now) } == nil)
            #expect(try await store.read { try $0.nextOverdue(after: now) } == hastened.notAfter)
            let change = try await store.journal().last?.content
            #expect(change?.type == "dev.reeve.run.pending" && change?.data?["by"] == "uid:7")

            let asked = try await store.write { try $0.createRetry(of: failed, by: "uid:8") }
            #expect(asked.notBefore == nil && asked.by == "uid:8" && !asked.isAutomaticRetry && asked.attempt == 2)
        }
    }

    @Test func `the limit of all runs is kept where it is one, and is forgotten without`() async throws {
        try await withStore { store, _ in
            func put(_ limit: Int?) async throws -> [GroupDefinition] {
                let group = GroupDefinition(name: GroupDefinition.everything, limit: limit)
                try await store.write { try $0.putGroup(group, by: "uid:1") }
                return try await store.read { try $0.groups() }.map(\.definition)
            }
            let (none, configured) = (try await put(0), try await put(nil))
            #expect(none == [GroupDefinition(name: "*", limit: 0)])
            #expect(configured == [])
        }
    }
}
