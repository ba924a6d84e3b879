import Logging
import ReeveProtocol
import ReeveStore
import TestSupport
import Testing

@testable import ReeveRunner

/// When it is told that runs go on.
struct ProgressTellerTests {
    @Test func `at the shortest interval that is asked for, and only while one goes on`() async throws {
        let folder = try TemporaryFolder()
        let (clock, wallClock) = (ManualClock(), ManualWallClock())
        let store = try Store.open(
            directory: folder.path,
            clock: wallClock,
            elapsed: { .zero },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        func put(_ name: String, _ progress: Interval?) async throws {
            var endpoint = EndpointDefinition(name: name, url: "http://a/")
            endpoint.progress = progress
            _ = try await store.write { [endpoint] in try $0.putEndpoint(endpoint, start: 0) }
        }
        try await put("slow", .minutes(5))
        try await put("quiet", nil)
        let task = try await store.write {
            try $0.putTask(
                TaskDefinition(id: "t", command: ["true"]),
                source: "rpc",
                by: "uid:0",
                ifRevision: nil
            ).task
        }
        var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
        run.status = .running
        run.startedAt = wallClock.now
        run = try await store.write { [run] in try $0.update(run) }
        let id = run.id
        let teller = ProgressTeller(store: store, clock: clock)
        func advance(by interval: Interval) {
            wallClock.advance(by: interval)
            clock.advance(by: interval.duration)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await teller.run(now: { wallClock.now }, living: { [id] }) }
            await clock.sleepers()
            #expect(clock.untilNext == .seconds(300))
            advance(by: .minutes(1))
            // The time that has passed counts for who comes later.
            try await put("quick", .minutes(2))
            await clock.sleeper(in: .seconds(60))
            for minutes in [2, 4] as [Int64] {
                let head = store.head
                advance(by: minutes == 2 ? .minutes(1) : .minutes(2))
                await store.signals.waitForJournal(after: head)
                let told = try await store.read { try $0.change(sequence: head + 1)?.runProgress }
                #expect(told == RunProgress(elapsed: .minutes(minutes), before: .minutes(minutes - 2)))
                await clock.sleepers()
            }
            group.cancelAll()
        }
        await store.close()
    }

    @Test(
        arguments: [
            (elapsed: 59, before: 0, isDue: false), (60, 59, true), (61, 60, false), (600, 0, true), (50, 50, false),
        ] as [(elapsed: Int64, before: Int64, isDue: Bool)]
    )
    func `who asks for a longer interval hears of it as often`(elapsed: Int64, before: Int64, isDue: Bool) {
        let progress = RunProgress(elapsed: .seconds(elapsed), before: .seconds(before))
        #expect(progress.isDue(every: .minutes(1)) == isDue)
    }
}
