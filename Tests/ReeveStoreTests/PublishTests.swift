import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct PublishTests {
    static var paid: PublishedEvent {
        var event = PublishedEvent(type: "order.paid", subject: "7", data: ["amount": 12, "currency": "EUR"], id: "e1")
        event.time = Timestamp(seconds: 1000)
        return event
    }

    @Test func `the same event again is a duplicate, answered with what is there`() async throws {
        try await withStore { store, _ in
            let first = try await store.publish(Self.paid)
            var again = Self.paid
            again.data = ["currency": "EUR", "amount": 12]
            let second = try await store.publish(again)
            #expect(first.map(\.duplicate) == [false])
            #expect(second == [PublishReceipt(id: first[0].id, sequence: first[0].sequence, duplicate: true)])
            #expect(try await store.journal().count == 1)
        }
    }

    static let others: [(name: String, event: PublishedEvent)] = {
        func changed(_ change: (inout PublishedEvent) -> Void) -> PublishedEvent {
            var event = paid
            change(&event)
            return event
        }
        return [
            ("type", changed { $0.type = "order.sent" }), ("subject", changed { $0.subject = "8" }),
            ("no subject", changed { $0.subject = nil }), ("data", changed { $0.data = ["amount": 13] }),
            ("no data", changed { $0.data = nil }), ("time", changed { $0.time = Timestamp(seconds: 1001) }),
            ("no time", changed { $0.time = nil }),
        ]
    }()

    @Test(arguments: others) func `the same id with other content is a conflict, and nothing of the call is kept`(
        name: String,
        other: PublishedEvent
    ) async throws {
        try await withStore { store, _ in
            try await store.publish(Self.paid)
            let error = try await storeError { try await store.publish(event("x"), other, event("y")) }
            #expect(error?.code == .conflict(StoreError.Conflict(index: 1)))
            #expect(try await store.journal().count == 1)
            #expect(store.head == 1)
        }
    }

    @Test func `ids count for one source, and an event without one is always new`() async throws {
        try await withStore { store, _ in
            var elsewhere = Self.paid
            elsewhere.source = "/elsewhere"
            let receipts = try await store.publish(Self.paid, elsewhere, event("7"), event("7"))
            #expect(receipts.map(\.duplicate) == [false, false, false, false])
            #expect(try await store.journal().map(\.content.source) == ["/test", "/elsewhere", "/test", "/test"])
        }
    }

    @Test func `a repeat in the same call is a duplicate, and the lane's chain passes over it`() async throws {
        try await withStore { store, _ in
            let receipts = try await store.publish(Self.paid, Self.paid, event("7"))
            #expect(receipts.map(\.duplicate) == [false, true, false])
            let journal = try await store.journal()
            #expect(journal.map(\.previous) == [nil, journal[0].sequence])
        }
    }

    @Test func `an event without a time gets the present one, and repeats as a duplicate later`() async throws {
        try await withStore { store, directory in
            try await store.publish(event("7", id: "e1"))
            let time = directory.clock.now
            directory.clock.advance(by: .seconds(5))
            #expect(try await store.publish(event("7", id: "e1")).map(\.duplicate) == [true])
            #expect(try await store.journal().map(\.content.time) == [time])
        }
    }
}
