import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct EndpointTests {
    private func withJournal(
        _ lanes: [String],
        _ body: (Store) async throws -> Void
    ) async throws {
        try await withStore { store, directory in
            for lane in lanes {
                try await store.publish(event(lane))
                directory.clock.advance(by: .seconds(1))
            }
            _ = try await store.write { try $0.putEndpoint(EndpointDefinition(name: "e", url: "http://a/"), start: 0) }
            try await body(store)
        }
    }

    private func commit(_ store: Store, cursor: Int64? = nil, _ positions: [String: Int64?] = [:]) async throws {
        let positions = Dictionary(uniqueKeysWithValues: positions.map { (Lane.event($0.key), $0.value) })
        try await store.write { try $0.commitDelivery(endpoint: "e", cursor: cursor, positions: positions) }
    }

    private func pending(_ store: Store) async throws -> (count: Int, oldest: Int64?) {
        let changes = try await store.journal()
        let undelivered = try await store.read { try $0.undelivered(of: #require(try $0.endpoint("e"))) }
        return (undelivered.count, changes.first { $0.content.time == undelivered.oldest }?.sequence)
    }

    @Test func `positions ahead of the cursor go when it passes them, laggards stay until told`() async throws {
        try await withJournal(["a", "b", "a", "b", "c", "a"]) { store in
            try await commit(store, ["b": 4])
            #expect(try await pending(store) == (4, 1))
            // a hangs at its beginning: the cursor leaves it behind and reaches b's position.
            try await commit(store, cursor: 4, ["a": 0])
            #expect(try await store.read { try $0.positions("e") } == [.event("a"): LanePosition(done: 0)])
            #expect(try await pending(store) == (4, 1))
            try await commit(store, cursor: 6)
            #expect(try await store.read { try $0.positions("e") } == [.event("a"): LanePosition(done: 0)])
            #expect(try await pending(store) == (3, 1))
            try await commit(store, ["a": 3])
            #expect(try await pending(store) == (1, 6))
            let rest = try await store.read { try $0.changes(ofLane: .event("a"), after: 3, limit: 9).map(\.sequence) }
            #expect(rest == [6])
            try await commit(store, ["a": nil])
            #expect(try await pending(store) == (0, nil))
            #expect(try await store.read { try $0.endpoint("e")?.cursor } == 6)
        }
    }

    @Test func `a lane that the cursor leaves behind keeps the position that comes with it`() async throws {
        try await withJournal(["a", "b", "a", "b"]) { store in
            try await commit(store, ["a": 1])
            try await commit(store, cursor: 4, ["a": 1])
            #expect(try await store.read { try $0.positions("e") } == [.event("a"): LanePosition(done: 1)])
            #expect(try await pending(store) == (1, 3))
        }
    }

    @Test func `a cursor does not go back, a position may`() async throws {
        try await withJournal(["a", "b"]) { store in
            try await commit(store, cursor: 2)
            let error = try await storeError { try await commit(store, cursor: 1, ["b": 0]) }
            #expect(error?.code == .backwards)
            #expect(try await store.read { try $0.positions("e") }.isEmpty)
            try await commit(store, ["b": 0])
            #expect(try await pending(store) == (1, 2))
        }
    }

    @Test func `a dead letter outlives the journal's row`() async throws {
        try await withJournal(["a"]) { store in
            var noted = PublishedEvent(type: "x", subject: "a", data: ["k": [1, .number("2.50"), "z"]], id: "e1")
            noted.time = Timestamp(seconds: 5)
            try await store.publish(noted)
            let change = try #require(try await store.read { try $0.change(sequence: 2) })
            let letter = DeadLetter(change: change, reason: "refused", status: 422, at: Timestamp(seconds: 9))
            try await store.write { transaction in
                try transaction.commitDelivery(endpoint: "e", cursor: 2, deadLetters: [letter])
                #expect(try transaction.trimJournal(upTo: 2) == 2)
            }
            #expect(try await store.read { try $0.deadLetter(endpoint: "e", sequence: 2) } == letter)
            let listed = try await store.read { try $0.deadLetters(DeadLetterQuery(), limit: 9) }
            #expect(listed == [EndpointLetter(endpoint: "e", letter: letter)])
            #expect(try await store.read { try $0.deadLetterCount(of: "e") } == 1)
            #expect(try await store.write { try $0.dropDeadLetters(DeadLetterQuery()) } == 1)
            #expect(try await store.read { try $0.deadLetterCount(of: "e") } == 0)
        }
    }

    @Test func `an endpoint that is put again keeps what it has, one removed begins anew`() async throws {
        try await withJournal(["a", "b", "a"]) { store in
            try await commit(store, cursor: 2, ["a": 0])
            var definition = EndpointDefinition(name: "e", url: "http://b/")
            definition.secret = .generate(.shared)
            let put = try await store.write { [definition] in
                try $0.putEndpoint(definition, start: 3, generatedSecret: "whsec_x")
            }
            #expect(put.cursor == 2)
            #expect(put.startedAfter == 0)
            #expect(put.definition == definition)
            let again = try await store.write { [definition] in try $0.putEndpoint(definition, start: 3) }
            #expect(again.generatedSecret == "whsec_x")
            _ = try await store.write { try $0.removeEndpoint("e") }
            #expect(try await store.read { try $0.positions("e") }.isEmpty)
            let new = try await store.write { [definition] in try $0.putEndpoint(definition, start: 99) }
            #expect(new.cursor == 3)  // not beyond the head
            #expect(new.startedAfter == 3)
            #expect(new.generatedSecret == nil)
            #expect(try await store.read { try $0.endpoints().map(\.name) } == ["e"])
        }
    }

    @Test func `a pause is told of, and stays over a put`() async throws {
        try await withJournal([]) { store in
            let pause = Pause(by: "agent", at: Timestamp(seconds: 1), reason: "410 Gone")
            try await store.write { try $0.pauseEndpoint("e", pause) }
            _ = try await store.write { try $0.putEndpoint(EndpointDefinition(name: "e", url: "http://b/"), start: 0) }
            #expect(try await store.read { try $0.endpoint("e")?.pause } == pause)
            let content = try await store.journal().last?.content
            #expect(content?.type == "dev.reeve.endpoint.paused")
            #expect(content?.summary == "endpoint e paused by agent: 410 Gone")
            try await store.write { try $0.resumeEndpoint("e", by: "uid:0") }
            #expect(try await store.read { try $0.endpoint("e")?.pause } == nil)
            #expect(try await store.journal().last?.content.summary == "endpoint e resumed by uid:0")
        }
    }

    @Test func `what is paused and muted is resumed once, and what goes on is named`() async throws {
        try await withJournal([]) { store in
            func facts() async throws -> [String] {
                try await store.journal().map { $0.content.type.replacing("dev.reeve.endpoint.", with: "") }
            }
            let short = Pause(by: "uid:0", at: Timestamp(seconds: 1), until: Timestamp(seconds: 2))
            try await store.write { transaction in
                try transaction.pauseEndpoint("e", short)
                try transaction.muteEndpoint("e", Pause(by: "uid:0", at: Timestamp(seconds: 1)))
                try transaction.resumeEndpoint("e", by: "agent") { $0.until != nil }
            }
            #expect(try await facts() == ["paused", "muted", "resumed"])
            #expect(try await store.journal().last?.content.data?["still"] == "muted")
            try await store.write { transaction in
                try transaction.pauseEndpoint("e", short)
                try transaction.resumeEndpoint("e", by: "uid:0")
                try transaction.resumeEndpoint("e", by: "uid:0")
            }
            #expect(try await facts() == ["paused", "muted", "resumed", "paused", "resumed"])
            #expect(try await store.journal().last?.content.data?["still"] == nil)
            let endpoint = try #require(try await store.read { try $0.endpoint("e") })
            #expect(endpoint.pause == nil && endpoint.muting.present == nil)
        }
    }

    @Test func `what is not there is not found`() async throws {
        try await withStore { store, _ in
            for write in [
                { try $0.commitDelivery(endpoint: "x", cursor: 1) }, { _ = try $0.removeEndpoint("x") },
                { _ = try $0.replay("x", ReplayOrder(after: 0)) }, { try $0.resumeEndpoint("x", by: "uid:0") },
            ] as [@Sendable (Transaction) throws -> Void] {
                let error = try await storeError { try await store.write(write) }
                #expect(error?.code == .notFound)
            }
        }
    }
}
