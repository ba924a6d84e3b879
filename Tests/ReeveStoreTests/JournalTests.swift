import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct JournalTests {
    @Test func `numbers are never used again, also when everything was trimmed`() async throws {
        let directory = try StateDirectory()
        let first = try directory.open()
        try await first.publish(event("a"), event("b"), event("c"))
        #expect(try await first.write { try $0.trimJournal(upTo: .max) } == 3)
        #expect(try await first.journal().isEmpty)
        #expect(first.head == 3)
        await first.close()

        let second = try directory.open()
        #expect(second.head == 3)
        #expect(try await second.read { try $0.head() } == 3)
        #expect(try await second.publish(event("a")).map(\.sequence) == [4])
        await second.close()
    }

    @Test(arguments: 0..<3) func `each lane's changes are chained without a hole`(seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let directory = try StateDirectory()
        var store = try directory.open()
        for _ in 0..<6 {
            let gate = await WriterGate(store)
            let writes = (0..<30).map { _ in
                let lanes = (0..<Int.random(in: 1...4, using: &random)).map { _ in Int.random(in: 0..<6, using: &random)
                }
                let fails = Bool.random(using: &random)
                return Task.immediate { [store] in
                    try await store.write { transaction in
                        _ = try transaction.publish(lanes.map { event("\($0)") }, source: "/test")
                        if fails { throw Refusal(number: 0) }
                    }
                }
            }
            try await gate.open()
            for write in writes { _ = await write.result }
            await store.close()
            store = try directory.open()
        }
        var last: [Lane: Int64] = [:]
        let journal = try await store.journal()
        #expect(journal.count > 100)
        for change in journal {
            #expect(change.previous == last[change.lane])
            last[change.lane] = change.sequence
        }
        await store.close()
    }

    @Test func `ids go up also when the clock was set back, over a restart too`() async throws {
        let directory = try StateDirectory()
        var store = try directory.open()
        for _ in 0..<5 {
            try await store.publish(event("a"), event("b"))
            directory.clock.set(to: directory.clock.now - .hours(1))
            await store.close()
            store = try directory.open()
        }
        let ids = try await store.journal().map(\.id)
        #expect(ids.count == 10)
        #expect(ids == ids.sorted())
        await store.close()
    }

    @Test func `changes are found by lane, type and time`() async throws {
        try await withStore { store, directory in
            try await store.publish(event("a"), PublishedEvent(type: "order.sent", subject: "b"))
            directory.clock.advance(by: .minutes(1))
            let time = directory.clock.now
            try await store.publish(event("a"), PublishedEvent(type: "invoice", subject: "b"))
            func find(lane: String? = nil, type: String? = nil, since: Timestamp? = nil) async throws -> [Int64] {
                try await store.read { reader in
                    let lane = lane.map(Lane.init(name:))
                    return try reader.changes(after: 0, limit: 10, lane: lane, type: type, since: since).map(\.sequence)
                }
            }
            #expect(try await find(lane: "event:a") == [1, 3])
            #expect(try await find(type: "order.*") == [1, 2, 3])
            #expect(try await find(type: "order.sent") == [2])
            #expect(try await find(type: "*") == [1, 2, 3, 4])
            #expect(try await find(since: time) == [3, 4])
            #expect(try await find(lane: "event:a", type: "order.*", since: time) == [3])
            #expect(try await find(since: time + .milliseconds(1)) == [])
            let second = try #require(try await store.read { try $0.change(sequence: 2) })
            #expect(second.content.summary == "order.sent b")
            #expect(try await store.read { try $0.change(id: second.id) } == second)
        }
    }

    @Test func `a change comes back as it was appended`() async throws {
        try await withStore { store, directory in
            let content = StateChange.Content(
                type: "dev.reeve.agent.started",
                subject: nil,
                time: directory.clock.now,
                summary: "the agent started \"again\"",
                data: ["count": 12_345_678_901_234_567, "text": "ä\u{0}\n", "none": nil]
            )
            let appended = try await store.write { try $0.append(lane: .agent, content) }
            #expect(try await store.journal() == [appended])
            #expect(appended.content == content)
            #expect(appended.previous == nil)
        }
    }
}
