import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct TaskPutTests {
    enum Expectation: Sendable, Equatable {
        case same
        case changed(to: Int)
        case created(at: Int)
        case conflict(current: Int)
        case owned
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// Revision 3 with the command `a` is there from `rpc`, unless it was removed.
        var removed = false
        var revision: Int?
        var command = "a"
        var source = "rpc"
        var ifRevision: Int?
        var expected: Expectation
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "no revision, same content", expected: .same),
        Case(name: "no revision, other content", command: "b", expected: .changed(to: 4)),
        Case(name: "same revision, same content", revision: 3, expected: .same),
        Case(name: "same revision, other content", revision: 3, command: "b", expected: .conflict(current: 3)),
        Case(name: "older revision, same content", revision: 2, expected: .conflict(current: 3)),
        Case(name: "newer revision, same content", revision: 9, expected: .changed(to: 9)),
        Case(name: "newer revision, other content", revision: 9, command: "b", expected: .changed(to: 9)),
        Case(name: "other source", command: "b", source: "folder:/x", expected: .owned),
        Case(name: "other source, same content", source: "folder:/x", expected: .owned),
        Case(name: "if the current revision", command: "b", ifRevision: 3, expected: .changed(to: 4)),
        Case(name: "if another revision", command: "b", ifRevision: 2, expected: .conflict(current: 3)),
        Case(name: "if there is none", command: "b", ifRevision: 0, expected: .conflict(current: 3)),
        Case(name: "removed, no revision", removed: true, expected: .created(at: 4)),
        Case(name: "removed, same revision and content", removed: true, revision: 3, expected: .created(at: 3)),
        Case(name: "removed, same revision", removed: true, revision: 3, command: "b", expected: .conflict(current: 3)),
        Case(name: "removed, older revision", removed: true, revision: 2, expected: .conflict(current: 3)),
        Case(name: "removed, newer revision", removed: true, revision: 7, expected: .created(at: 7)),
        Case(name: "removed, other source", removed: true, source: "folder:/x", expected: .created(at: 4)),
        Case(name: "removed, if there is none", removed: true, ifRevision: 0, expected: .created(at: 4)),
        Case(name: "removed, if a revision", removed: true, ifRevision: 3, expected: .conflict(current: 0)),
    ]

    @Test(arguments: cases) func `a put gets its revision`(_ test: Case) async throws {
        try await withStore { store, directory in
            var definition = TaskDefinition(id: "t", command: ["a"])
            definition.revision = 3
            try await store.put(definition)
            if test.removed { _ = try await store.write { try $0.removeTask("t", by: "uid:1", source: "rpc") } }
            directory.clock.advance(by: .seconds(1))
            let before = try await store.read { try $0.task("t", includingRemoved: true) }
            let head = store.head

            definition.revision = test.revision
            definition.command = [test.command]
            let outcome = try await outcome { [definition] in
                try await store.put(definition, source: test.source, ifRevision: test.ifRevision)
            }
            #expect(outcome == test.expected)
            let after = try await store.read { try $0.task("t", includingRemoved: true) }
            let types = try await store.read { try $0.changes(after: head, limit: 10).map(\.content.type) }
            switch test.expected {
            case .same, .conflict, .owned:
                #expect(after == before)
                #expect(types.isEmpty)
            case .changed(let revision), .created(let revision):
                #expect(after?.revision == revision)
                #expect(after?.definition.command == [test.command])
                #expect(after?.anchor == directory.clock.now)
                #expect(after?.isPlanned == false)
                let isNew = test.expected == .created(at: revision)
                #expect(types == [isNew ? "dev.reeve.task.created" : "dev.reeve.task.changed"])
            }
        }
    }

    private func outcome(_ put: () async throws -> TaskPut) async throws -> Expectation {
        do {
            let result = try await put()
            guard result.changed else { return .same }
            return result.created ? .created(at: result.task.revision) : .changed(to: result.task.revision)
        } catch let error as StoreError {
            guard case .conflict(let conflict) = error.code else { throw error }
            if conflict.owner == "rpc" { return .owned }
            return .conflict(current: conflict.current ?? -1)
        }
    }

    @Test func `a first put takes the revision that it is given, else 1`() async throws {
        try await withStore { store, _ in
            var definition = TaskDefinition(id: "t", command: ["a"])
            #expect(try await store.put(definition, ifRevision: 0).task.revision == 1)
            definition.id = "u"
            definition.revision = 5
            let put = try await store.put(definition)
            #expect(put.created && put.changed)
            #expect(put.task.revision == 5)
            definition.id = "v"
            let missing = try await storeError { [definition] in try await store.put(definition, ifRevision: 2) }
            #expect(missing?.code == .conflict(StoreError.Conflict(current: 0)))
        }
    }

    @Test func `a new revision has to be planned anew, and keeps pause, watermark and numbers`() async throws {
        try await withStore { store, directory in
            var definition = TaskDefinition(id: "t", command: ["a"])
            let now = directory.clock.now
            let task = try await store.put(definition).task
            try await store.write { transaction in
                try transaction.plan("t", revision: 1, nextDue: now, nextFire: now)
                _ = try transaction.createRun(task: task, trigger: .schedule, due: now)
                try transaction.advance(
                    "t",
                    runs: 1,
                    watermark: now,
                    nextDue: now + .hours(1),
                    nextFire: now + .hours(1)
                )
                try transaction.setPaused("t", Pause(by: "uid:1", at: now))
            }
            definition.command = ["b"]
            let changed = try await store.put(definition).task
            #expect(changed.nextFire == nil)
            #expect(changed.nextDue == nil)
            #expect(!changed.isPlanned)
            #expect(changed.watermark == now)
            #expect(changed.lastNumber == 1)
            #expect(changed.pause != nil)
            #expect(changed.createdAt == task.createdAt)
        }
    }

    @Test func `only its source removes a task, and a removed one is not there`() async throws {
        try await withStore { store, _ in
            try await store.put(TaskDefinition(id: "t", command: ["a"]))
            let foreign = try await storeError {
                _ = try await store.write { try $0.removeTask("t", by: "x", source: "folder:/x") }
            }
            #expect(foreign?.code == .conflict(StoreError.Conflict(current: 1, owner: "rpc")))
            let removed = try await store.write { try $0.removeTask("t", by: "uid:1", source: "rpc") }
            #expect(removed.removed)
            #expect(try await store.read { try $0.task("t") } == nil)
            #expect(try await store.read { try $0.tasks(limit: 10) }.isEmpty)
            #expect(try await store.read { try $0.unplannedTasks(limit: 10) }.isEmpty)
            let again = try await storeError {
                _ = try await store.write { try $0.removeTask("t", by: "uid:1", source: "rpc") }
            }
            #expect(again?.code == .notFound)
            #expect(try await store.journal().last?.content.type == "dev.reeve.task.removed")
        }
    }
}
