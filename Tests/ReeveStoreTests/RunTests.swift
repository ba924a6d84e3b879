import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct RunTests {
    static var definition: TaskDefinition {
        var definition = TaskDefinition(id: "t")
        definition.steps = [
            StepDefinition(name: "dump", command: ["a"]), StepDefinition(name: "upload", command: ["b"]),
        ]
        definition.labels = ["team": "data"]
        return definition
    }

    @Test func `a run and its change are there together, or neither is`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            let due = directory.clock.now
            await #expect(throws: Refusal.self) {
                try await store.write { transaction in
                    _ = try transaction.createRun(task: task, trigger: .schedule, due: due)
                    throw Refusal(number: 1)
                }
            }
            #expect(try await store.read { try $0.liveRuns() }.isEmpty)
            #expect(store.head == 1)

            let run = try await store.write { try $0.createRun(task: task, trigger: .schedule, due: due) }
            #expect(run.number == 1)
            #expect(run.steps.map(\.name) == ["dump", "upload"])
            #expect(try await store.read { try $0.run(run.id) } == run)
            let change = try await store.journal().last
            #expect(change?.content.type == "dev.reeve.run.pending")
            #expect(change?.lane == .task("t"))
            #expect(change?.content.data?["run"]?.string == run.id)
            #expect(change?.content.data?["labels"] == ["team": "data"])
            #expect(change?.previous == 1)
        }
    }

    @Test func `a run goes through its states, one change for each, its steps' changes before`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil, by: "uid:1") }
            run.status = .running
            run.startedAt = directory.clock.now
            run.steps[0].status = .running
            run = try await store.write { [run] in try $0.update(run, details: [.step(run.steps[0])]) }
            directory.clock.advance(by: .milliseconds(1_211_450))
            run.steps[0].status = .stopped
            run.steps[0].outcome = .failed
            run.steps[0].exitCode = 1
            run.status = .stopped
            run.outcome = .failed
            run.cause = "exit"
            run.reason = "step dump exited with 1"
            run = try await store.write { [run] in try $0.update(run, details: [.step(run.steps[0])]) }

            let contents = try await store.journal().map(\.content)
            #expect(
                contents.map(\.type) == [
                    "dev.reeve.task.created", "dev.reeve.run.pending", "dev.reeve.run.progress",
                    "dev.reeve.run.running",
                    "dev.reeve.run.progress", "dev.reeve.run.failed",
                ]
            )
            #expect(
                contents.map(\.summary) == [
                    "t created by uid:1", "t run 1 is pending", "step dump is running", "t run 1 is running",
                    "step dump stopped with exit code 1", "t failed after 20m11s: step dump exited with 1",
                ]
            )
            #expect(contents[4].data?["step"]?["exitCode"] == 1)
            #expect(contents[5].data?["steps"]?.array?.count == 2)
            #expect(contents[5].data?["willRetry"] == .null)
            #expect(run.stoppedAt == directory.clock.now)
            #expect(try await store.read { try $0.task("t")?.last?.outcome } == .failed)
            #expect(try await store.read { try $0.liveRuns() }.isEmpty)
        }
    }

    static let backwards: [(name: String, change: @Sendable (inout Run) -> Void)] = [
        ("the run goes back", { $0.status = .preparing }),
        ("an outcome without an end", { $0.outcome = .succeeded }),
        ("an end without an outcome", { $0.status = .stopped }),
        ("a step goes back", { $0.steps[1].status = .pending }),
        ("a stopped step changes", { $0.steps[0].exitCode = 2 }),
        ("a stopped step starts again", { $0.steps[0].status = .running }),
        ("a step is lost", { $0.steps.removeLast() }),
        ("an attempt goes back", { $0.steps[1].attempt = 0 }),
    ]

    @Test(arguments: backwards) func `states only go forward`(
        name: String,
        change: @Sendable (inout Run) -> Void
    ) async throws {
        try await withStore { store, _ in
            let task = try await store.put(Self.definition).task
            var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
            run.status = .running
            run.steps[0].status = .stopped
            run.steps[0].outcome = .succeeded
            run.steps[1].status = .running
            run = try await store.write { [run] in try $0.update(run) }
            let head = store.head
            var changed = run
            change(&changed)
            let error = try await storeError { [changed] in _ = try await store.write { try $0.update(changed) } }
            #expect(error?.code == .backwards)
            #expect(try await store.run(run.id) == run)
            #expect(store.head == head)
        }
    }

    @Test func `nothing of a run changes after it stopped`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
            run.status = .stopped
            run.outcome = .canceled
            run = try await store.write { [run] in try $0.update(run) }
            let now = directory.clock.now
            for outcome in [Outcome.canceled, .succeeded] {
                var changed = run
                changed.outcome = outcome
                let error = try await storeError { [changed] in _ = try await store.write { try $0.update(changed) } }
                #expect(error?.code == .backwards)
            }
            let stop = try await storeError { [id = run.id] in
                _ = try await store.write { try $0.requestStop(id, StopRequest(at: now, by: "uid:1")) }
            }
            #expect(stop?.code == .backwards)
            #expect(try await store.run(run.id) == run)
        }
    }

    @Test func `a stop that was asked for is not lost to an update made from an older state`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
            run.status = .preparing
            run = try await store.write { [run] in try $0.update(run) }
            let request = StopRequest(at: directory.clock.now, by: "uid:1", reason: "enough")
            let second = StopRequest(at: directory.clock.now, by: "uid:2")
            for request in [request, second] {
                _ = try await store.write { [id = run.id] in try $0.requestStop(id, request) }
            }
            run.status = .running
            run = try await store.write { [run] in try $0.update(run) }
            #expect(run.stopRequest == request)
            #expect(try await store.run(run.id)?.stopRequest == request)
        }
    }

    @Test func `a later request to stop adds a signal and an earlier kill, and never takes anything back`() async throws
    {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
            run.status = .running
            run = try await store.write { [run] in try $0.update(run) }
            let now = directory.clock.now
            func ask(_ request: StopRequest) async throws -> StopRequest? {
                try await store.write { [id = run.id] in try $0.requestStop(id, request).stopRequest }
            }
            let first = StopRequest(at: now, by: "uid:1", reason: "enough", killAt: now + .seconds(20))
            #expect(try await ask(first) == first)
            #expect(try await ask(StopRequest(at: now + .seconds(1), by: "uid:2", reason: "again")) == first)
            let second = try await ask(StopRequest(at: now + .seconds(2), by: "uid:2", signal: "INT"))
            #expect(second?.by == "uid:1" && second?.reason == "enough" && second?.signal == "INT")
            #expect(second?.killAt == now + .seconds(20) && second?.renewedAt == now + .seconds(2))
            let third = try await ask(StopRequest(at: now, by: "uid:2", killAt: now + .seconds(60)))
            #expect(third?.killAt == now + .seconds(20) && third?.signal == "INT")
            let fourth = try await ask(StopRequest(at: now, by: "uid:2", killAt: now + .seconds(3)))
            #expect(fourth?.killAt == now + .seconds(3))
            #expect(try await store.run(run.id)?.stopRequest == fourth)
        }
    }

    @Test func `that a run goes on is told beside what the changes of its lane follow each other by`() async throws {
        let directory = try StateDirectory()
        var store = try directory.open()
        let task = try await store.put(Self.definition).task
        var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
        run.status = .running
        let start = directory.clock.now
        run.startedAt = start
        run = try await store.write { [run] in try $0.update(run) }
        let running = store.head
        func tell(_ id: String, since: Timestamp) async throws {
            try await store.write { try $0.tellProgress(of: [id, "gone"], since: since, every: .minutes(1)) }
        }
        directory.clock.advance(by: .seconds(59))
        try await tell(run.id, since: start)
        #expect(store.head == running, "nobody wants to hear of it yet")
        directory.clock.advance(by: .seconds(6))
        try await tell(run.id, since: start + .seconds(59))
        directory.clock.advance(by: .minutes(1))
        try await tell(run.id, since: start + .seconds(65))
        let told = try await store.journal().filter { $0.sequence > running }
        #expect(told.map(\.content.type) == ["dev.reeve.run.progress", "dev.reeve.run.progress"])
        #expect(told.map(\.previous) == [running, running])
        #expect(told[0].runProgress == RunProgress(elapsed: .seconds(65), before: .seconds(59)))
        #expect(told[1].content.summary == "t run 1 goes on, for 2m5s")
        #expect(told[1].content.data?["run"]?.string == run.id)

        // Whoever does not hear of it misses nothing, whether the last number is remembered or looked up.
        await store.close()
        store = try directory.open()
        run.status = .stopped
        run.outcome = .succeeded
        run.steps = run.steps.map { step in
            var step = step
            step.status = .stopped
            step.outcome = .succeeded
            return step
        }
        _ = try await store.write { [run] in try $0.update(run) }
        #expect(try await store.journal().last?.previous == running)
        let head = store.head
        directory.clock.advance(by: .minutes(1))
        try await tell(run.id, since: start)
        #expect(store.head == head, "none comes after its end")
        await store.close()
    }

    @Test func `a run that has not begun ends with the request to stop it, and tells of it`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            let pending = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
            let request = StopRequest(at: directory.clock.now, by: "uid:1", reason: "enough")
            let run = try await store.write { try $0.requestStop(pending.id, request) }
            #expect(run.status == .stopped)
            #expect(run.outcome == .canceled)
            #expect(run.reason == "stopped by uid:1 before it began: enough")
            let last = try await store.read { try $0.change(sequence: $0.head()) }
            #expect(last?.content.type == "dev.reeve.run.canceled")
            #expect(try await store.read { try $0.pendingRuns(now: Timestamp(milliseconds: .max), limit: 1) }.isEmpty)
        }
    }

    @Test func `with a task go its runs that have not begun, whenever they would have`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            func newRun() async throws -> Run {
                try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
            }
            var begun = try await newRun()
            begun.status = .running
            var failed = try await newRun()
            (failed.status, failed.outcome) = (.stopped, .failed)
            failed.willRetry = directory.clock.now + .days(1)
            let (changed, pending) = ([begun, failed], try await newRun())
            let retry = try await store.write { transaction in
                for run in changed { _ = try transaction.update(run) }
                return try transaction.createRetry(of: changed[1])
            }
            _ = try await store.write { try $0.removeTask("t", by: "uid:1", source: "rpc") }
            #expect(try await store.read { try $0.liveRuns() }.map(\.id) == [begun.id])
            for id in [pending.id, retry.id] {
                let run = try await store.read { try $0.run(id) }
                #expect(run?.outcome == .canceled && run?.cause == "taskRemoved")
            }
        }
    }

    @Test func `numbers go on over the removal of the task and its return`() async throws {
        try await withStore { store, _ in
            let first = try await store.put(Self.definition).task
            for number in 1...3 {
                let run = try await store.write { try $0.createRun(task: first, trigger: .manual, due: nil) }
                #expect(run.number == number)
            }
            _ = try await store.write { try $0.removeTask("t", by: "uid:1", source: "rpc") }
            let gone = try await storeError {
                _ = try await store.write { try $0.createRun(task: first, trigger: .manual, due: nil) }
            }
            #expect(gone?.code == .notFound)
            let second = try await store.put(Self.definition).task
            #expect(second.lastNumber == 3)
            #expect(try await store.write { try $0.createRun(task: second, trigger: .manual, due: nil) }.number == 4)
        }
    }

    @Test func `the same id again answers the same run, for its task`() async throws {
        try await withStore { store, _ in
            let task = try await store.put(Self.definition).task
            let other = try await store.put(TaskDefinition(id: "u", command: ["a"])).task
            let id = "01930000-0000-7000-8000-000000000001"
            let first = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil, id: id) }
            let head = store.head
            let second = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil, id: id) }
            #expect(first == second)
            #expect(first.id == id)
            #expect(store.head == head)
            let error = try await storeError {
                _ = try await store.write { try $0.createRun(task: other, trigger: .manual, due: nil, id: id) }
            }
            #expect(error?.code == .conflict(StoreError.Conflict()))
        }
    }

    @Test func `what did not run is recorded as a run that has stopped, with one change`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            let due = directory.clock.now
            let covers = Covers(count: 7, from: due - .hours(7), to: due - .hours(1))
            let missed = try await store.write { transaction in
                try transaction.recordRun(
                    task: task,
                    trigger: .schedule,
                    due: due,
                    outcome: .missed,
                    cause: "agentDown",
                    reason: "the agent was not running",
                    covers: covers
                )
            }
            #expect(missed.status == .stopped)
            #expect(missed.covers == covers)
            #expect(missed.previousOutcome == nil)
            let content = try await store.journal().last?.content
            #expect(content?.type == "dev.reeve.run.missed")
            #expect(content?.summary == "t was missed 7 times: the agent was not running")
            #expect(content?.data?["covers"]?["count"] == 7)
            var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
            run.status = .stopped
            run.outcome = .succeeded
            run = try await store.write { [run] in try $0.update(run) }
            #expect(run.previousOutcome == .missed)
            #expect(try await store.journal().last?.content.data?["previousOutcome"] == "missed")
        }
    }

    @Test func `pending runs come in the order in which they were wanted`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            let now = directory.clock.now
            let dues = [now + .seconds(5), nil, now - .seconds(5), now - .seconds(5)]
            for due in dues { _ = try await store.write { try $0.createRun(task: task, trigger: .manual, due: due) } }
            #expect(
                try await store.read { try $0.pendingRuns(now: Timestamp(milliseconds: .max), limit: 9).map(\.number) }
                    == [3, 4, 2, 1]
            )
            #expect(
                try await store.read { try $0.pendingRuns(now: Timestamp(milliseconds: .max), limit: 2).map(\.number) }
                    == [3, 4]
            )
            var run = try #require(try await store.read { try $0.run(task: "t", number: 3) })
            run.status = .running
            _ = try await store.write { [run] in try $0.update(run) }
            #expect(
                try await store.read { try $0.pendingRuns(now: Timestamp(milliseconds: .max), limit: 9).map(\.number) }
                    == [4, 2, 1]
            )
            #expect(try await store.read { try $0.liveRuns().map(\.number) } == [3, 4, 2, 1])
            #expect(try await store.read { try $0.liveRuns(task: "t").map(\.number) } == [1, 2, 3, 4])
            #expect(try await store.read { try $0.liveRuns(task: "u") }.isEmpty)
        }
    }

    @Test func `a run is found by every name that it has, and in lists`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(Self.definition).task
            let hidden = try await store.put(TaskDefinition(id: "adhoc-1", command: ["a"])).task
            var ids: [String] = []
            for task in [task, hidden, task, task] {
                ids.append(try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }.id)
                directory.clock.advance(by: .seconds(1))
            }
            let names = [ids[2], "t/2", "t/-1", "t/-3", "t/9", "t/-4", "t/0", "x", "adhoc-1/1", "t/\(Int.min)"]
            let found = try await store.read { reader in try names.map { try reader.resolve($0)?.id } }
            #expect(found == [ids[2], ids[2], ids[3], ids[0], nil, nil, nil, nil, ids[1], nil])
            func list(_ body: @escaping @Sendable (Reader) throws -> [Run]) async throws -> [String] {
                try await store.read(body).map(\.id)
            }
            let since = directory.clock.now - .seconds(2)
            #expect(try await list { try $0.runs(limit: 9) } == ids.reversed())
            #expect(try await list { try $0.runs(limit: 9, hidden: false) } == [ids[3], ids[2], ids[0]])
            #expect(try await list { try $0.runs(task: "t", limit: 2) } == [ids[3], ids[2]])
            let last = ids[2]
            #expect(try await list { try $0.runs(task: "t", after: last, limit: 9) } == [ids[0]])
            #expect(try await list { try $0.runs(after: last, limit: 9) } == [ids[1], ids[0]])
            #expect(try await list { try $0.runs(limit: 9, since: since) } == [ids[3], ids[2]])
            #expect(try await list { try $0.runs(limit: 9, outcomes: [.failed, .lost]) }.isEmpty)
        }
    }
}
