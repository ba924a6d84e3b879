import JSON
import Logging
import ReeveProtocol
import ReeveStore
import TestSupport
import Testing

@testable import ReeveAgent

/// What goes when the store becomes large, what stays, and what is told of it.
struct StoreKeeperTests {
    private struct House: Sendable {
        let folder: TemporaryFolder
        let store: Store
        let keeper: StoreKeeper
        let clock: ManualWallClock

        init() async throws {
            folder = try TemporaryFolder()
            clock = ManualWallClock()
            store = try Store.open(
                directory: folder.path,
                clock: clock,
                elapsed: { .zero },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            keeper = StoreKeeper(
                store: store,
                space: StoreSpace(retention: .mebibytes(1), budget: .mebibytes(4)),
                retentionAge: .days(7),
                agent: "web-7",
                wallClock: clock,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            _ = try await store.write {
                try $0.putEndpoint(EndpointDefinition(name: "ops", url: "http://a/"), start: 0)
            }
        }

        /// Keeps the store for as long as `body` runs.
        func whileKept(_ body: () async throws -> Void) async throws {
            try await running({ [keeper] in try await keeper.run() }, while: body)
            await store.close()
        }

        /// Events of 16 KiB.
        func publish(_ count: Int) async throws {
            for _ in 0..<count {
                let data = JSON.string(String(repeating: "x", count: 16 << 10))
                _ = try await store.write { try $0.publish([PublishedEvent(type: "big", data: data)], source: "/test") }
            }
        }

        func deliver(_ cursor: Int64) async throws {
            try await store.write { try $0.commitDelivery(endpoint: "ops", cursor: cursor) }
        }

        /// Waits for the next fact of the agent after that number.
        func fact(after sequence: Int64) async throws -> StateChange {
            var last = sequence
            while true {
                await store.signals.waitForJournal(after: last)
                for change in try await store.read({ [last] in try $0.changes(after: last, limit: 1000) }) {
                    if change.lane == .agent { return change }
                    last = change.sequence
                }
            }
        }

        var first: Int64? { get async throws { try await store.read { try $0.firstSequence() } } }
    }

    @Test func `beyond the size what every endpoint has goes before its age, and what one has not stays`() async throws
    {
        let house = try await House()
        try await house.whileKept {
            try await house.publish(150)
            #expect(house.store.used > 2 << 20)
            #expect(try await house.first == 1)
            try await house.deliver(140)
            let told = try await house.fact(after: 150)
            #expect(told.content.type == "dev.reeve.agent.historyCut", "\(told)")
            let first = try #require(try await house.first)
            #expect(first > 1 && first <= 141)
            #expect(told.content.data?["to"]?.integer == Int(first - 1))
            #expect(told.content.data?["count"]?.integer == Int(first - 1))
            #expect(house.store.used <= 1 << 20)
        }
    }

    @Test func `within the size nothing goes`() async throws {
        let house = try await House()
        try await house.publish(40)
        try await house.deliver(40)
        #expect(house.store.used < 1 << 20)
        try await house.whileKept {
            try await house.publish(1)
            try await house.deliver(41)
        }
        let again = try Store.open(
            directory: house.folder.path,
            clock: house.clock,
            elapsed: { .zero },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        #expect(try await again.read { try $0.firstSequence() } == 1)
        #expect(again.used < 1 << 20 && again.used > 1 << 19)
        await again.close()
    }

    @Test func `near the budget it is told once who holds the journal, and once that there is room again`() async throws
    {
        let house = try await House()
        try await house.whileKept {
            // No more than it takes: it is seen when the limit is reached, not at some time after it.
            while house.store.used < 7 << 19 { try await house.publish(1) }
            let low = try await house.fact(after: 0)
            #expect(low.content.type == "dev.reeve.agent.storageLow", "\(low)")
            #expect(low.content.data?["endpoint"] == "ops" && low.content.data?["from"] == 1)
            #expect(low.content.data?["budget"]?.integer == 4 << 20)
            #expect(low.content.summary.contains("of the disk budget of 4.0 MiB are in use; endpoint ops holds"))
            // Not told again at each step.
            try await house.publish(20)
            try await house.deliver(house.store.head)
            let cut = try await house.fact(after: low.sequence)
            #expect(cut.content.type == "dev.reeve.agent.historyCut", "\(cut)")
            let freed = try await house.fact(after: cut.sequence)
            #expect(freed.content.type == "dev.reeve.agent.storageFreed", "\(freed)")
        }
    }

    @Test func `what has become too old goes when clients are refused, though nothing else happens`() async throws {
        let house = try await House()
        try await house.whileKept {
            try await house.publish(240)
            let low = try await house.fact(after: 0)
            house.clock.set(to: house.clock.now + .days(8))
            // A client tries.
            house.store.signals.refusedForRoom()
            let expired = try await house.fact(after: low.sequence)
            #expect(expired.content.type == "dev.reeve.endpoint.expired", "\(expired)")
            let letters = try await house.store.read { try $0.deadLetters(DeadLetterQuery(), limit: 9) }
            #expect(letters.first?.letter.range?.first == 1)
        }
    }
}
