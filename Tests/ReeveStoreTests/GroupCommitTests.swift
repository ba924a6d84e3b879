import JSON
import NIOConcurrencyHelpers
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

struct Refusal: Error, Equatable {
    var number: Int
}

@Suite struct GroupCommitTests {
    @Test func `writes that wait share one transaction, in the order of the calls`() async throws {
        try await withStore { store, _ in
            let gate = await WriterGate(store)
            let writes = (0..<200).map { number in
                Task.immediate { try await store.publish(event("\(number)")) }
            }
            try await gate.open()
            for write in writes { _ = try await write.value }
            let subjects = try await store.journal().map(\.content.subject)
            #expect(subjects == (0..<200).map { "\($0)" })
            let statistics = try await store.statistics()
            #expect(statistics.writes == 201)
            #expect(statistics.transactions == 2)  // the gate's, and one for what came behind it
        }
    }

    @Test func `a body that throws undoes its own part and nothing else`() async throws {
        try await withStore { store, _ in
            try await store.publish(event("a"))
            let gate = await WriterGate(store)
            let writes = (0..<10).map { number in
                Task.immediate {
                    try await store.write { transaction in
                        let receipt = try transaction.publish([event("a")], source: "/test")[0]
                        if number % 2 == 1 { throw Refusal(number: number) }
                        return receipt.sequence
                    }
                }
            }
            try await gate.open()
            var kept: [Int64] = []
            for (number, write) in writes.enumerated() {
                switch await write.result {
                case .success(let sequence): kept.append(sequence)
                case .failure(let error): #expect(error as? Refusal == Refusal(number: number))
                }
            }
            #expect(kept.count == 5)
            let journal = try await store.journal()
            #expect(journal.map(\.sequence) == [1] + kept)
            #expect(journal.map(\.previous) == [nil] + journal.dropLast().map(\.sequence))
            #expect(store.head == journal.last?.sequence)
        }
    }

    @Test func `a full disk fails all of the group, changes nothing, and passes`() async throws {
        try await withStore { store, _ in
            try await store.publish(event("a"))
            let before = try await store.journal()
            try await store.write { transaction in
                let pages = try transaction.database.number("PRAGMA page_count") ?? 0
                _ = try transaction.database.number("PRAGMA max_page_count = \(pages)")
            }
            let gate = await WriterGate(store)
            let small = Task.immediate { try await store.publish(event("a")) }
            let large = Task.immediate {
                try await store.publish(event("a", data: String(repeating: "x", count: 1 << 20)))
            }
            try await gate.open()
            for write in [small, large] {
                let error = try await storeError { _ = try await write.value }
                #expect(error?.code == .storage)
                #expect(error?.isFullDisk == true)
            }
            #expect(try await store.journal() == before)
            #expect(store.head == 1)

            try await store.write { _ = try $0.database.number("PRAGMA max_page_count = 1000000") }
            let receipts = try await store.publish(event("a"), event("a"))
            let journal = try await store.journal()
            #expect(journal.map(\.id) == before.map(\.id) + receipts.map(\.id))
            #expect(journal.map(\.previous) == [nil, 1, 2])
        }
    }

    @Test func `a failed COMMIT fails all of the group and the store, which opens anew as it was before`() async throws
    {
        let directory = try StateDirectory()
        let store = try directory.open()
        try await store.write { transaction in
            try transaction.database.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
            try transaction.database.run(
                "CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
            )
        }
        try await store.publish(event("a"))
        let gate = await WriterGate(store)
        let good = Task.immediate { _ = try await store.publish(event("a")) }
        // Refused at COMMIT, and not before.
        let bad = Task.immediate { try await store.write { try $0.database.run("INSERT INTO child VALUES (1)") } }
        try await gate.open()
        #expect(try await storeError { try await good.value }?.code == .storage)
        #expect(try await storeError { try await bad.value }?.code == .storage)
        #expect(await store.waitUntilFailed().code == .storage)
        #expect(store.head == 1)
        #expect(try await storeError { try await store.publish(event("a")) }?.code == .storage)
        await store.close()

        let again = try directory.open()
        #expect(again.head == 1)
        try await again.publish(event("a"))
        #expect(try await again.journal().map(\.previous) == [nil, 1])
        await again.close()
    }

    @Test func `closing finishes what waits and refuses what comes after`() async throws {
        let directory = try StateDirectory()
        let store = try directory.open()
        let gate = await WriterGate(store)
        let waiting = Task.immediate { try await store.publish(event("a")) }
        let closing = Task.immediate { await store.close() }
        #expect(try await storeError { try await store.publish(event("b")) }?.code == .closed)
        try await gate.open()
        #expect(try await waiting.value.count == 1)
        await closing.value
        #expect(await store.waitUntilFailed().code == .closed)
        #expect(try await storeError { _ = try await store.journal() }?.code == .closed)
        await store.close()
    }

    @Test func `a record that cannot be read fails who reads it, and not the store`() async throws {
        try await withStore { store, _ in
            try await store.put(TaskDefinition(id: "t", command: ["a"]))
            try await store.write { try $0.database.run("UPDATE tasks SET definition = '{\"id\": 7}'") }
            await #expect(throws: (any Error).self) { try await store.put(TaskDefinition(id: "t", command: ["b"])) }
            await #expect(throws: (any Error).self) { try await store.read { try $0.task("t") } }
            #expect(try await store.put(TaskDefinition(id: "u", command: ["a"])).created)
        }
    }

    @Test func `a write is not stopped by the cancellation of its caller`() async throws {
        try await withStore { store, _ in
            let gate = await WriterGate(store)
            let write = Task.immediate { try await store.publish(event("a")) }
            write.cancel()
            try await gate.open()
            #expect(try await write.value.count == 1)
            #expect(store.head == 1)
        }
    }

    @Test func `no group is larger than its bound, and the order stays`() {
        var queue = WriteQueue<Int>()
        guard case .startDraining = queue.enqueue(0, at: .zero) else {
            return #expect(Bool(false), "the first starts the drain")
        }
        for number in 1..<2500 {
            guard case .none = queue.enqueue(number, at: .zero) else { return #expect(Bool(false), "a drain is on") }
        }
        var groups: [[Int]] = []
        while case let group = queue.nextGroup(at: .zero).group, !group.isEmpty { groups.append(group) }
        #expect(groups.map(\.count) == [1024, 1024, 452])
        #expect(groups.flatMap { $0 } == Array(0..<2500))
        guard case .startDraining = queue.enqueue(0, at: .zero) else {
            return #expect(Bool(false), "the drain was over")
        }
    }
}
