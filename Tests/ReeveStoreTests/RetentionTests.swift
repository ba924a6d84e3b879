import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct RetentionTests {
    @Test func `the journal is trimmed behind the slowest cursor and laggard, piece by piece`() async throws {
        try await withStore { store, _ in
            for number in 0..<10 { try await store.publish(event("\(number % 2)")) }
            for name in ["e", "f"] {
                _ = try await store.write {
                    try $0.putEndpoint(EndpointDefinition(name: name, url: "http://a/"), start: 0)
                }
            }
            func trim(limit: Int = 100) async throws -> Int {
                try await store.write { try $0.trimJournal(upTo: 8, limit: limit) }
            }
            #expect(try await trim() == 0)
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 10, positions: [.event("1"): 4]) }
            #expect(try await trim() == 0)
            try await store.write { try $0.commitDelivery(endpoint: "f", cursor: 10) }
            #expect(try await trim(limit: 3) == 3)
            #expect(try await trim(limit: 3) == 1)
            #expect(try await trim() == 0)
            try await store.write { try $0.commitDelivery(endpoint: "e", positions: [.event("1"): nil]) }
            #expect(try await trim() == 4)
            #expect(try await store.read { try $0.firstSequence() } == 9)
        }
    }

    @Test func `who is furthest behind holds the journal`() async throws {
        try await withStore { store, _ in
            for number in 0..<10 { try await store.publish(event("\(number % 2)")) }
            #expect(try await store.read { try $0.journalHold() } == nil)
            #expect(try await store.read { try $0.unneededChanges() } == 10)
            for name in ["e", "f"] {
                _ = try await store.write {
                    try $0.putEndpoint(EndpointDefinition(name: name, url: "http://a/"), start: 0)
                }
            }
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 10, positions: [.event("1"): 4]) }
            try await store.write { try $0.commitDelivery(endpoint: "f", cursor: 6) }
            #expect(try await store.read { try $0.journalHold() } == JournalHold(endpoint: "e", after: 4))
            #expect(try await store.read { try $0.unneededChanges() } == 4)
            try await store.write { try $0.commitDelivery(endpoint: "e", positions: [.event("1"): nil]) }
            #expect(try await store.read { try $0.journalHold() } == JournalHold(endpoint: "f", after: 6))
        }
    }

    @Test func `the store knows what of its file is in use, and wakes who waits for more`() async throws {
        try await withStore { store, _ in
            let empty = store.used
            async let grown: Void = store.signals.waitForUse(above: empty + (256 << 10))
            let data = JSON.string(String(repeating: "x", count: 64 << 10))
            for _ in 0..<8 { try await store.publish(PublishedEvent(type: "big", data: data)) }
            await grown
            #expect(store.used >= empty + (8 * 64 << 10))
            #expect(try await store.statistics().usedBytes == store.used)
            let used = store.used
            _ = try await store.write { try $0.trimJournal(upTo: 8) }
            #expect(store.used < used - (7 * 64 << 10))
        }
    }

    @Test func `the oldest runs go by which a task has more output than it may, and the newest stays`() async throws {
        try await withStore { store, directory in
            func put(_ id: String, outputs: [Int]) async throws -> [String] {
                let task = try await store.put(TaskDefinition(id: id, command: ["a"])).task
                var ids: [String] = []
                for bytes in outputs {
                    var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
                    ids.append(run.id)
                    run.status = .stopped
                    run.outcome = .succeeded
                    run.steps[0].output = OutputSummary(bytes: bytes + 5, dropped: 5)
                    run.steps[0].earlierOutput = OutputSummary(bytes: 1, dropped: 0)
                    _ = try await store.write { [run] in try $0.update(run) }
                }
                return ids
            }
            let much = try await put("much", outputs: [9, 49, 0, 49])
            _ = try await put("little", outputs: [49, 49])
            _ = try await put("one", outputs: [999])
            let start = directory.clock.now - .hours(1)
            let expired = try await store.read { try $0.expiredRuns(keeping: 99, bytes: 100, madeBefore: start) }
            #expect(Set(expired) == [much[0], much[1]])
            _ = try await store.write { try $0.removeRuns(expired) }
            #expect(try await store.read { try $0.expiredRuns(keeping: 99, bytes: 100, madeBefore: start) } == [])
        }
    }

    @Test func `old runs go, by number and by age, and living ones stay`() async throws {
        try await withStore { store, directory in
            let task = try await store.put(TaskDefinition(id: "t", command: ["a"])).task
            let start = directory.clock.now
            var ids: [String] = []
            for number in 1...6 {
                var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
                ids.append(run.id)
                if number != 2 {
                    run.status = .stopped
                    run.outcome = .succeeded
                    _ = try await store.write { [run] in try $0.update(run) }
                }
                directory.clock.advance(by: .hours(1))
            }
            func expire(madeBefore time: Timestamp) async throws -> [String] {
                let expired = try await store.read { try $0.expiredRuns(keeping: 4, madeBefore: time) }
                return try await store.write { try $0.removeRuns(expired) }
            }
            let old = start - .hours(1)
            #expect(try await expire(madeBefore: old) == [ids[0]])
            #expect(try await expire(madeBefore: old).isEmpty)
            #expect(Set(try await expire(madeBefore: start + .hours(4))) == [ids[2], ids[3]])
            // One that lives stays, even if it is asked for by name.
            let removed = try await store.write { [ids] in try $0.removeRuns([ids[1]]) }
            #expect(removed.isEmpty)
            #expect(try await store.read { try $0.runs(limit: 9).map(\.number) } == [6, 5, 2])
        }
    }

    @Test func `runs that are not kept are found by indices`() async throws {
        try await withStore { store, _ in
            func plan(_ query: String) async throws -> [String] {
                try await store.read { reader in
                    try reader.database.all("EXPLAIN QUERY PLAN " + query, [.integer(1), .integer(1)]) {
                        $0.text(3) ?? ""
                    }
                }
            }
            let (old, beyond) = (try await plan(RetentionQuery.old), try await plan(RetentionQuery.beyond))
            #expect(old == ["SEARCH runs USING INDEX runs_createdAt (createdAt<?)"])
            #expect(beyond.contains { $0.hasPrefix("SCAN runs USING COVERING INDEX") }, "\(beyond)")
            #expect(beyond.contains { $0.hasPrefix("SEARCH r USING INDEX") && $0.hasSuffix("(task=? AND number<?)") })
        }
    }

    @Test func `ad hoc tasks go with their runs once their time is over and nothing of them lives`() async throws {
        try await withStore { store, directory in
            for id in ["adhoc-1", "adhoc-2", "adhoc-late", "adhocx", "t"] {
                if id == "adhoc-late" { directory.clock.advance(by: .hours(2)) }
                let task = try await store.put(TaskDefinition(id: id, command: ["a"])).task
                var run = try await store.write { try $0.createRun(task: task, trigger: .manual, due: nil) }
                guard id != "adhoc-2" else { continue }
                run.status = .stopped
                run.outcome = .succeeded
                _ = try await store.write { [run] in try $0.update(run) }
            }
            let first = try await store.read { try $0.run(task: "adhoc-1", number: 1)?.id }
            let time = directory.clock.now - .hours(1)
            let expired = try await store.write { try $0.expireAdHocTasks(putBefore: time) }
            #expect(expired == [first])
            let left = try await store.read { try $0.tasks(limit: 9).map(\.id) }
            #expect(left == ["adhoc-2", "adhoc-late", "adhocx", "t"])
            #expect(try await store.read { try $0.task("adhoc-1", includingRemoved: true) } == nil)
            #expect(try await store.journal().last?.content.type == "dev.reeve.task.removed")
        }
    }
}

extension RetentionTests {
    @Test func `a run goes by the definition it was made with, as long as it lives`() async throws {
        try await withStore { store, _ in
            let run = try await store.write { transaction in
                let first = TaskDefinition(id: "backup", command: ["one"])
                let put = try transaction.putTask(first, source: "rpc", by: "uid:0")
                let run = try transaction.createRun(task: put.task, trigger: .manual, due: nil)
                _ = try transaction.putTask(TaskDefinition(id: "backup", command: ["two"]), source: "rpc", by: "uid:0")
                try transaction.expireRevisions()
                return run
            }
            let old = try await store.read { try $0.definition(task: "backup", revision: run.revision) }
            #expect(old?.command == ["one"])
            let gone = try await store.write { transaction in
                var run = run
                run.status = .stopped
                run.outcome = .canceled
                _ = try transaction.update(run)
                try transaction.expireRevisions()
                return try transaction.definition(task: "backup", revision: run.revision)
            }
            #expect(gone == nil)
            #expect(try await store.read { try $0.definition(task: "backup", revision: 2) }?.command == ["two"])
        }
    }
}
