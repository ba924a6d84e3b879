import Glibc
import Logging
import ReeveProtocol
import ReeveStore
import TestSupport
import Testing

@testable import ReeveScheduler

/// A store in a folder of its own, and a clock that stands at 2026-11-21T03:00:00Z until a test moves it.
struct SchedulerBench: Sendable {
    let store: Store
    let clock: ObservedWallClock
    let start: Timestamp

    func put(_ id: String, _ kind: ScheduleDefinition.Kind) async throws {
        try await put(id, ScheduleDefinition(kind))
    }

    func put(_ id: String, _ schedule: ScheduleDefinition, description: String? = nil) async throws {
        var task = TaskDefinition(id: id, schedule: schedule, command: ["/bin/true"])
        task.description = description
        _ = try await store.write { [task] in try $0.putTask(task, source: "rpc", by: "uid:0") }
    }

    func makeScheduler(boot: String = "boot-1", zone: String = "UTC") throws -> Scheduler {
        Scheduler(
            store: store,
            zones: zones,
            hostZone: try zones.zone(named: zone),
            host: "test",
            earliest: Timestamp(seconds: 1_700_000_000),
            bootID: boot,
            wallClock: clock,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    /// Runs a scheduler until it waits for `deadline`, and then for as long as the body takes.
    func scheduler(
        boot: String = "boot-1",
        zone: String = "UTC",
        until deadline: Timestamp?,
        _ body: () async throws -> Void = {}
    ) async throws {
        let scheduler = try makeScheduler(boot: boot, zone: zone)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            await waits(until: deadline) {
                group.addTask { try await scheduler.run() }
            }
            try await body()
        }
    }

    /// Returns when the scheduler has nothing to do and waits for that time.
    ///
    /// - Parameter action: what makes it look anew; only waits that begin after it count.
    func waits(until deadline: Timestamp?, after action: () async throws -> Void = {}) async rethrows {
        let count = await clock.count
        try await action()
        await clock.waited(until: deadline, after: count)
        await clock.manual.waiters()
    }

    func task(_ id: String) async throws -> StoredTask {
        try #require(try await store.read { try $0.task(id) })
    }

    /// All runs, or one task's, in the order in which they were made.
    func runs(_ task: String? = nil) async throws -> [Run] {
        let runs = try await store.read { try $0.runs(task: task, limit: 10_000) }
        return runs.sorted { $0.id < $1.id }
    }

    /// The types of a task's changes, in order and without their prefix.
    func changes(_ task: String) async throws -> [String] {
        try await store.read { try $0.changes(ofLane: .task(task), after: 0, limit: 1000) }
            .map { String($0.content.type.dropFirst(EventType.prefix.count)) }
    }
}

func withBench(_ body: (SchedulerBench) async throws -> Void) async throws {
    var template = Array("/tmp/reeve-scheduler-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let clock = ObservedWallClock()
    let store = try Store.open(
        directory: folder,
        clock: clock,
        elapsed: { .zero },
        logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    )
    let bench = SchedulerBench(store: store, clock: clock, start: clock.now)
    do {
        try await body(bench)
    } catch {
        await store.close()
        remove(folder)
        throw error
    }
    await store.close()
    remove(folder)
}

private func remove(_ folder: String) {
    for name in ["reeve.db", "reeve.db-wal", "reeve.db-shm"] { unlink("\(folder)/\(name)") }
    rmdir(folder)
}
