import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct TaskStateTests {
    @Test func `a plan holds for the revision it was made for, and no other`() async throws {
        try await withStore { store, directory in
            var definition = TaskDefinition(id: "t", command: ["a"])
            try await store.put(definition)
            definition.command = ["b"]
            try await store.put(definition)
            let time = directory.clock.now + .hours(1)
            #expect(try await store.write { try $0.plan("t", revision: 1, nextDue: time, nextFire: time) } == false)
            #expect(try await store.read { try $0.unplannedTasks(limit: 10).map(\.id) } == ["t"])
            let late = time + .seconds(3)
            #expect(try await store.write { try $0.plan("t", revision: 2, nextDue: time, nextFire: late) })
            #expect(try await store.read { try $0.unplannedTasks(limit: 10) }.isEmpty)
            #expect(try await store.read { try $0.earliestFire() } == late)
            #expect(try await store.read { try $0.dueTasks(now: time, limit: 10) }.isEmpty)
            #expect(try await store.read { try $0.dueTasks(now: late, limit: 10).map(\.id) } == ["t"])
            try await store.write { try $0.forgetPlans() }
            #expect(try await store.read { try $0.unplannedTasks(limit: 10).map(\.id) } == ["t"])
        }
    }

    @Test func `a slot is decided once: the watermark only goes forward`() async throws {
        try await withStore { store, directory in
            try await store.put(TaskDefinition(id: "t", command: ["a"]))
            let time = directory.clock.now
            try await store.write { try $0.advance("t", runs: 0, watermark: time, nextDue: nil, nextFire: nil) }
            for earlier in [time, time - .seconds(1)] {
                let error = try await storeError {
                    try await store.write {
                        try $0.advance("t", runs: 0, watermark: earlier, nextDue: nil, nextFire: nil)
                    }
                }
                #expect(error?.code == .backwards)
            }
            let missing = try await storeError {
                try await store.write { try $0.advance("u", runs: 0, watermark: time, nextDue: nil, nextFire: nil) }
            }
            #expect(missing?.code == .notFound)
            #expect(try await store.read { try $0.task("t")?.watermark } == time)
        }
    }

    @Test func `a completed task is told of once and is not due`() async throws {
        try await withStore { store, directory in
            try await store.put(TaskDefinition(id: "t", command: ["a"]))
            let time = directory.clock.now
            _ = try await store.write { try $0.plan("t", revision: 1, nextDue: time, nextFire: time) }
            try await store.write { try $0.complete("t") }
            try await store.write { try $0.complete("t") }
            let types = try await store.journal().map(\.content.type)
            #expect(types == ["dev.reeve.task.created", "dev.reeve.task.completed"])
            #expect(try await store.read { try $0.earliestFire() } == nil)
            #expect(try await store.read { try $0.task("t")?.completed } == true)
        }
    }

    @Test func `a pause has an end that can be found, and both are told of`() async throws {
        try await withStore { store, directory in
            try await store.put(TaskDefinition(id: "t", command: ["a"]))
            let now = directory.clock.now
            let pause = Pause(by: "uid:1", at: now, until: now + .hours(1), reason: "repair")
            #expect(try await store.write { try $0.setPaused("t", pause) }.pause == pause)
            try await store.write { _ = try $0.setPaused("t", pause) }
            #expect(try await store.read { try $0.earliestResume() } == now + .hours(1))
            #expect(try await store.read { try $0.tasksToResume(now: now, limit: 10) }.isEmpty)
            let due = try await store.read { try $0.tasksToResume(now: now + .hours(1), limit: 10).map(\.id) }
            #expect(due == ["t"])
            try await store.write { _ = try $0.setPaused("t", nil) }
            try await store.write { _ = try $0.setPaused("t", nil) }
            #expect(try await store.read { try $0.earliestResume() } == nil)
            let types = try await store.journal().map(\.content.type)
            #expect(types == ["dev.reeve.task.created", "dev.reeve.task.paused", "dev.reeve.task.resumed"])
        }
    }

    @Test func `tasks are listed page by page`() async throws {
        try await withStore { store, _ in
            for id in ["b", "a", "d", "c"] { try await store.put(TaskDefinition(id: id, command: ["a"])) }
            #expect(try await store.read { try $0.tasks(limit: 2).map(\.id) } == ["a", "b"])
            #expect(try await store.read { try $0.tasks(after: "b", limit: 9).map(\.id) } == ["c", "d"])
        }
    }

    @Test func `a boot is decided for one task, and notes are kept by name`() async throws {
        try await withStore { store, _ in
            try await store.put(TaskDefinition(id: "t", command: ["a"]))
            try await store.write { transaction in
                try transaction.decideBoot("t", boot: "b1")
                try transaction.setMeta("zones", "2026a")
            }
            #expect(try await store.read { try $0.task("t")?.bootDecided } == "b1")
            #expect(try await store.read { try $0.meta("zones") } == "2026a")
            try await store.write { try $0.setMeta("zones", nil) }
            #expect(try await store.read { try $0.meta("zones") } == nil)
        }
    }
}
