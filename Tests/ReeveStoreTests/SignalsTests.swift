import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct SignalsTests {
    @Test func `a listener is woken once at the beginning, and then after commits, never before`() async throws {
        try await withStore { store, _ in
            var wakes = store.signals.changes(.journal).makeAsyncIterator()
            #expect(await wakes.next() != nil)
            let gate = await WriterGate(store)
            let write = Task.immediate { try await store.publish(event("a")) }
            #expect(store.head == 0)
            try await gate.open()
            #expect(await wakes.next() != nil)
            // Whoever is woken finds what woke it.
            #expect(store.head == 1)
            #expect(try await store.journal().count == 1)
            _ = try await write.value
        }
    }

    @Test func `what was rolled back wakes nobody`() async throws {
        try await withStore { store, _ in
            var tasks = store.signals.changes(.tasks).makeAsyncIterator()
            #expect(await tasks.next() != nil)
            await #expect(throws: Refusal.self) {
                try await store.write { transaction in
                    _ = try transaction.putTask(TaskDefinition(id: "t", command: ["a"]), source: "rpc", by: "x")
                    throw Refusal(number: 1)
                }
            }
            await store.close()
            #expect(await tasks.next() == nil)
        }
    }

    @Test func `wake-ups that come while nobody looks become one, and none is lost`() async throws {
        try await withStore { store, _ in
            var wakes = store.signals.changes(.journal).makeAsyncIterator()
            for _ in 0..<10 { try await store.publish(event("a")) }
            #expect(await wakes.next() != nil)
            #expect(store.head == 10)
            await store.close()
            #expect(await wakes.next() == nil)
        }
    }

    @Test func `a reader that looks at each wake-up sees everything that many writers write`() async throws {
        try await withStore { store, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask { for _ in 0..<50 { try await store.publish(event("\(writer)")) } }
                }
                var seen: Int64 = 0
                for await _ in store.signals.changes(.journal) {
                    seen = try await store.read { [seen] in
                        try $0.changes(after: seen, limit: 1000).last?.sequence ?? seen
                    }
                    if seen == 400 { break }
                }
                #expect(seen == 400)
                try await group.waitForAll()
            }
        }
    }

    static let writes: [(topic: Signals.Topic, write: @Sendable (Transaction) throws -> Void)] = [
        (.journal, { _ = try $0.publish([event("a")]) }),
        (.tasks, { _ = try $0.setPaused("t", Pause(by: "x", at: $0.now)) }),
        (.runs, { _ = try $0.createRun(task: try $0.existingTask("t"), trigger: .manual, due: nil) }),
        (.endpoints, { _ = try $0.putEndpoint(EndpointDefinition(name: "e", url: "http://b/"), start: 0) }),
        (.deliveries, { try $0.commitDelivery(endpoint: "e", cursor: 1) }),
    ]

    @Test(arguments: writes) func `each topic is told of what concerns it`(
        topic: Signals.Topic,
        write: @escaping @Sendable (Transaction) throws -> Void
    ) async throws {
        try await withStore { store, _ in
            try await store.put(TaskDefinition(id: "t", command: ["a"]))
            _ = try await store.write { try $0.putEndpoint(EndpointDefinition(name: "e", url: "http://a/"), start: 0) }
            var wakes = store.signals.changes(topic).makeAsyncIterator()
            #expect(await wakes.next() != nil)
            try await store.write(write)
            await store.close()
            #expect(await wakes.next() != nil)
            #expect(await wakes.next() == nil)
        }
    }

    @Test func `a long poll returns when the journal has more, at once if it has already`() async throws {
        try await withStore { store, _ in
            try await store.publish(event("a"))
            await store.signals.waitForJournal(after: 0)
            let wait = Task.immediate {
                await store.signals.waitForJournal(after: 1)
                return store.head
            }
            try await store.publish(event("a"))
            #expect(await wait.value == 2)
            let cancelled = Task.immediate { await store.signals.waitForJournal(after: 99) }
            cancelled.cancel()
            await cancelled.value
        }
    }
}
