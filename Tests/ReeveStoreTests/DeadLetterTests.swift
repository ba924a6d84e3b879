import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct DeadLetterTests {
    private func withJournal(_ lanes: [String], _ body: (Store) async throws -> Void) async throws {
        try await withStore { store, _ in
            for lane in lanes { try await store.publish(event(lane)) }
            _ = try await store.write { try $0.putEndpoint(EndpointDefinition(name: "e", url: "http://a/"), start: 0) }
            try await body(store)
        }
    }

    /// Gives up the changes of those numbers.
    private func giveUp(_ store: Store, _ sequences: Int64..., isHeld: Bool = false, at seconds: Int64 = 9) async throws
    {
        try await store.write { transaction in
            let letters = try sequences.compactMap { try transaction.change(sequence: $0) }.map {
                DeadLetter(
                    change: $0,
                    reason: "422: no",
                    status: 422,
                    attempts: 5,
                    isHeld: isHeld,
                    at: Timestamp(seconds: seconds)
                )
            }
            try transaction.commitDelivery(endpoint: "e", cursor: isHeld ? nil : sequences.max(), deadLetters: letters)
        }
    }

    private func letters(_ store: Store, _ query: DeadLetterQuery = DeadLetterQuery()) async throws -> [Int64] {
        try await store.read { try $0.deadLetters(query, limit: 99).map(\.letter.change.sequence) }
    }

    @Test func `letters are found by type, lane and time, page by page`() async throws {
        try await withJournal(["a", "b", "a"]) { store in
            try await giveUp(store, 1, 2)
            try await giveUp(store, 3, at: 20)
            var query = DeadLetterQuery()
            query.lane = "event:a"
            #expect(try await letters(store, query) == [1, 3])
            query.since = Timestamp(seconds: 20)
            #expect(try await letters(store, query) == [3])
            query = DeadLetterQuery()
            query.type = "nothing.*"
            #expect(try await letters(store, query).isEmpty)
            let page = try await store.read { try $0.deadLetters(DeadLetterQuery(), after: ("e", 1), limit: 1) }
            #expect(page.map(\.letter.change.sequence) == [2])
        }
    }

    @Test func `one that is wanted again is read until it is settled`() async throws {
        try await withJournal(["a", "b"]) { store in
            try await giveUp(store, 1, 2)
            #expect(try await store.write { try $0.retryDeadLetters(DeadLetterQuery()) } == 2)
            #expect(
                try await store.read { try $0.wantedLetters(endpoint: "e", limit: 9).map(\.wish) } == [
                    "retry", "retry",
                ]
            )
            try await store.write { try $0.commitDelivery(endpoint: "e", resolved: [1]) }
            try await giveUp(store, 2)
            #expect(try await store.read { try $0.wantedLetters(endpoint: "e", limit: 9) }.isEmpty)
            #expect(try await letters(store) == [2])
        }
    }

    @Test func `one that is held goes when its lane has passed it, a dropped one that is not at once`() async throws {
        try await withJournal(["a", "b", "a"]) { store in
            try await giveUp(store, 2)
            try await giveUp(store, 3, isHeld: true)
            #expect(try await store.write { try $0.dropDeadLetters(DeadLetterQuery()) } == 2)
            #expect(try await letters(store) == [3])
            #expect(try await store.read { try $0.wantedLetters(endpoint: "e", limit: 9).map(\.wish) } == ["drop"])
            try await store.write { try $0.commitDelivery(endpoint: "e", positions: [.event("a"): 3]) }
            #expect(try await letters(store).isEmpty)
        }
    }

    private func wishes(_ store: Store) async throws -> [Int64: String?] {
        let letters = try await store.read { try $0.wantedLetters(endpoint: "e", limit: 9) }
        return Dictionary(uniqueKeysWithValues: letters.map { ($0.change.sequence, $0.wish) })
    }

    private func all(_ store: Store, _ sequence: Int64) async throws -> DeadLetter {
        try #require(try await store.read { try $0.deadLetter(endpoint: "e", sequence: sequence) })
    }

    @Test func `one that was tried again and dropped meanwhile stays gone`() async throws {
        try await withJournal(["a", "b"]) { store in
            try await giveUp(store, 1, 2)
            _ = try await store.write { try $0.retryDeadLetters(DeadLetterQuery()) }
            let letters = [try await all(store, 1), try await all(store, 2)]
            var query = DeadLetterQuery()
            query.lane = "event:a"
            let dropped = try await store.write { [query] in try $0.dropDeadLetters(query) }
            #expect(dropped == 1)
            try await store.write { try $0.commitDelivery(endpoint: "e", refusedAgain: letters) }
            #expect(try await self.letters(store) == [2])
            #expect(try await wishes(store).isEmpty)
        }
    }

    @Test func `that a held one is to be dropped stands, whatever is written down or wanted after it`() async throws {
        try await withJournal(["a"]) { store in
            try await giveUp(store, 1, isHeld: true)
            #expect(try await store.write { try $0.dropDeadLetters(DeadLetterQuery()) } == 1)
            #expect(try await store.write { try $0.retryDeadLetters(DeadLetterQuery()) } == 0)
            try await store.write { try $0.commitDelivery(endpoint: "e", released: [1]) }
            try await giveUp(store, 1, isHeld: true)
            #expect(try await wishes(store) == [1: "drop"])
            // The endpoint holds nothing any more.
            try await giveUp(store, 1)
            #expect(try await letters(store).isEmpty)
        }
    }

    @Test func `one that is to be tried again waits while its lane is held, and others do not`() async throws {
        try await withJournal(["a", "b", "a", "b"]) { store in
            try await giveUp(store, 1, 2)
            try await giveUp(store, 3, isHeld: true)
            #expect(try await store.write { try $0.retryDeadLetters(DeadLetterQuery()) } == 3)
            #expect(try await wishes(store).keys.sorted() == [1, 2, 3])
            try await store.write { try $0.commitDelivery(endpoint: "e", released: [3]) }
            #expect(try await wishes(store).keys.sorted() == [2])
            let changes = store.signals.changes(.wishes)
            var news = changes.makeAsyncIterator()
            _ = await news.next()
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 3) }
            // Who looks for wishes is told.
            _ = await news.next()
            #expect(try await wishes(store).keys.sorted() == [1, 2])
        }
    }

    @Test func `one that is held and passed in one is no letter`() async throws {
        try await withJournal(["a"]) { store in
            try await giveUp(store, 1, isHeld: true)
            let letter = try await all(store, 1)
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 1, deadLetters: [letter]) }
            #expect(try await letters(store).isEmpty)
        }
    }

    @Test func `what expires is one letter with counts, its lanes go on, and it is told`() async throws {
        try await withJournal(["a", "b", "a", "c", "a", "b"]) { store in
            try await store.write { transaction in
                // a hangs at its beginning, b is done ahead.
                try transaction.commitDelivery(endpoint: "e", cursor: 2, positions: [.event("a"): 0])
            }
            let (expired, isAll) = try await store.write { transaction in
                try transaction.expireDeliveries("e", upTo: 5) { $0.lane != .event("c") }
            }
            #expect(expired == 3 && isAll)
            let letter = try #require(try await store.read { try $0.deadLetters(DeadLetterQuery(), limit: 9) }.first)
            #expect(letter.letter.range == DeadLetter.Range(first: 1, lanes: ["event:a": 3]))
            #expect(letter.letter.change.sequence == 5)
            #expect(try await store.read { try $0.endpoint("e")?.cursor } == 5)
            #expect(try await store.read { try $0.hasExpired(3, endpoint: "e") })
            let told = try #require(try await store.journal().last?.content)
            #expect(told.type == "dev.reeve.endpoint.expired" && told.data?["count"] == 3)
            #expect(told.summary == "endpoint e does not get 3 changes that became too old")
            // The journal can be trimmed, and a later range joins the first.
            #expect(try await store.write { try $0.trimJournal(upTo: 5) } == 5)
            _ = try await store.write { try $0.expireDeliveries("e", upTo: 6) { _ in true } }
            let joined = try await store.read { try $0.deadLetters(DeadLetterQuery(), limit: 9) }
            let again = try await store.journal().last?.content.summary
            #expect(again == "endpoint e does not get 1 change that became too old")
            #expect(joined.map(\.letter.range) == [DeadLetter.Range(first: 1, lanes: ["event:a": 3, "event:b": 1])])
            #expect(try await store.write { try $0.expireDeliveries("e", upTo: 6) { _ in true } }.expired == 0)
        }
    }

    @Test func `letters beyond an age or a size go, oldest first, and that is told; held ones stay`() async throws {
        try await withJournal(["a", "b", "c", "d"]) { store in
            try await giveUp(store, 4, isHeld: true, at: 1)
            try await giveUp(store, 1, at: 5)
            try await giveUp(store, 2, 3, at: 50)
            let gone = try await store.write {
                try $0.expireDeadLetters(before: Timestamp(seconds: 10), bytes: 1 << 20)
            }
            #expect(gone == 1)
            #expect(try await letters(store) == [2, 3, 4])
            let told = try await store.journal().last?.content
            #expect(told?.data?["deadLetters"] == 1)
            #expect(told?.summary == "1 dead letter of endpoint e is kept no longer")
            #expect(try await store.write { try $0.expireDeadLetters(before: Timestamp(seconds: 10), bytes: 700) } == 1)
            #expect(try await letters(store) == [3, 4])
        }
    }

    @Test func `that an endpoint was told nothing of another one is not told`() async throws {
        try await withJournal([]) { store in
            func pause() async throws {
                let pause = Pause(by: "uid:0", at: Timestamp(seconds: 1))
                try await store.write { try $0.pauseEndpoint("other", pause) }
                try await store.write { try $0.resumeEndpoint("other", by: "uid:0") }
            }
            _ = try await store.write {
                try $0.putEndpoint(EndpointDefinition(name: "other", url: "http://a/"), start: 0)
            }
            try await pause()
            #expect(try await store.write { try $0.expireDeliveries("e", upTo: 2) { _ in true } }.expired == 2)
            #expect(try await letters(store) == [2])
            try await pause()
            try await giveUp(store, 3, 4, at: 1)
            let gone = try await store.write {
                try $0.expireDeadLetters(before: Timestamp(seconds: 9_999_999_999), bytes: 1 << 20)
            }
            #expect(gone == 3)
            #expect(try await store.journal().count == 4)
            // With something else among it it is told.
            try await pause()
            try await store.publish(event("a"))
            #expect(try await store.write { try $0.expireDeliveries("e", upTo: 7) { _ in true } }.expired == 3)
            #expect(try await store.journal().last?.content.data?["count"] == 3)
            _ = try await store.write {
                try $0.expireDeadLetters(before: Timestamp(seconds: 9_999_999_999), bytes: 1 << 20)
            }
            let told = try await store.journal().last?.content
            #expect(told?.data?["deadLetters"] == 1)
            #expect(told?.summary == "1 dead letter of endpoint e is kept no longer")
        }
    }

    @Test func `a replay takes a cursor back, and lanes that came another way by themselves`() async throws {
        try await withJournal(["a", "b", "a", "b", "c"]) { store in
            try await store.write { transaction in
                try transaction.commitDelivery(endpoint: "e", cursor: 4, positions: [.event("a"): 1])
            }
            let count = try await store.write { try $0.replay("e", ReplayOrder(after: 0)) }
            // Of a only what it had got.
            #expect(count == 3)
            let endpoint = try #require(try await store.read { try $0.endpoint("e") })
            #expect(endpoint.cursor == 0 && endpoint.replayThrough == 4 && endpoint.epoch == 1)
            let again = LanePosition(done: 0, replay: Replay(through: 1))
            #expect(try await store.read { try $0.positions("e") } == [.event("a"): again])
        }
    }

    @Test func `a replay of a lane or of a part takes back only the lanes concerned`() async throws {
        try await withJournal(["a", "b", "a", "b"]) { store in
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 4) }
            #expect(try await store.write { try $0.replay("e", ReplayOrder(after: 0, lane: .event("a"))) } == 2)
            #expect(try await store.read { try $0.positions("e").mapValues(\.done) } == [.event("a"): 0])
            #expect(try await store.write { try $0.replay("e", ReplayOrder(after: 1, through: 2)) } == 1)
            let replay = try await store.read { try $0.positions("e")[.event("b")]?.replay }
            #expect(replay == Replay(through: 4, until: 2))
            #expect(try await store.write { try $0.replay("e", ReplayOrder(after: 4)) } == 0)
            #expect(try await store.read { try $0.endpoint("e")?.cursor } == 4)
        }
    }

    @Test func `a replay from beyond the cursor takes back what came ahead of it, and no more`() async throws {
        try await withJournal(["a", "b", "b", "b", "c"]) { store in
            // a hangs; b is done ahead.
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 0, positions: [.event("b"): 4]) }
            #expect(try await store.write { try $0.replay("e", ReplayOrder(after: 2)) } == 2)
            let positions = [Lane.event("b"): LanePosition(done: 2, replay: Replay(through: 4))]
            #expect(try await store.read { try $0.positions("e") } == positions)
            let endpoint = try #require(try await store.read { try $0.endpoint("e") })
            #expect(endpoint.cursor == 0 && endpoint.replayThrough == nil)
            // The cursor passes where it begins: what is sent again is still known.
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 3) }
            #expect(try await store.read { try $0.positions("e") } == positions)
            try await store.write { try $0.commitDelivery(endpoint: "e", positions: [.event("b"): 4]) }
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 4) }
            #expect(try await store.read { try $0.positions("e") }.isEmpty)
        }
    }

    @Test func `what a replay did not ask for does not expire with what it did`() async throws {
        try await withJournal(["a", "a", "a"]) { store in
            try await store.write { try $0.commitDelivery(endpoint: "e", cursor: 3) }
            let order = ReplayOrder(after: 0, through: 1, lane: .event("a"))
            #expect(try await store.write { try $0.replay("e", order) } == 1)
            #expect(try await store.write { try $0.expireDeliveries("e", upTo: 3) { _ in true } }.expired == 1)
            let letters = try await store.read { try $0.deadLetters(DeadLetterQuery(), limit: 9) }
            #expect(letters.map(\.letter.change.sequence) == [1])
        }
    }

    @Test func `ids name the letters of an endpoint, not all of that number`() async throws {
        try await withJournal(["a", "b"]) { store in
            _ = try await store.write { try $0.putEndpoint(EndpointDefinition(name: "f", url: "http://a/"), start: 0) }
            try await giveUp(store, 1, 2)
            try await store.write { transaction in
                let change = try #require(try transaction.change(sequence: 2))
                let letter = DeadLetter(change: change, reason: "no", at: Timestamp(seconds: 1))
                try transaction.commitDelivery(endpoint: "f", cursor: 2, deadLetters: [letter])
            }
            var query = DeadLetterQuery()
            query.ids = [DeadLetterID(endpoint: "e", sequence: 2), DeadLetterID(endpoint: "f", sequence: 1)]
            let found = try await store.read { [query] in try $0.deadLetters(query, limit: 9) }
            #expect(found.map(\.endpoint) == ["e"] && found.map(\.letter.change.sequence) == [2])
            let dropped = try await store.write { [query] in try $0.dropDeadLetters(query) }
            #expect(dropped == 1)
            #expect(try await store.read { try $0.deadLetterCount(of: "f") } == 1)
        }
    }
}
