import JSON
import Logging
import ReeveProtocol
import ReeveStore

/// Keeps the store within its ``StoreSpace``: removes what every endpoint has, and tells when room is short and when not.
///
/// While there is room it waits for nothing but that there is not. It works beside the ``Housekeeper``, which has the ages.
struct StoreKeeper: Sendable {
    var store: Store
    var space: StoreSpace
    /// What an endpoint has not got after so long it does not get.
    var retentionAge: Interval
    var agent: String
    var wallClock: any WallClock
    var logger: Logger

    /// Numbers of the journal that one transaction removes.
    private static let piece = 1000
    /// Fewer than these wait for more, while an endpoint goes on taking.
    private static let leastPiece: Int64 = 100
    /// How often at most it is told that history went, and looked for what has become too old.
    private static let pause = Interval.hours(1)
    private static let expiryPause = Interval.minutes(1)

    /// What it remembers while it works.
    private struct Memory {
        var toldCut: Timestamp?
        var cut: (count: Int, last: Int64) = (0, 0)
        var expiredAt: Timestamp?
    }

    func run() async throws {
        var memory = Memory()
        try await work(&memory)
        while true {
            await store.signals.waitForUse(above: space.historyLimit)
            try Task.checkCancellation()
            try await whileFull(&memory)
        }
    }

    /// Looks again at whatever may make room or take it, until there is room.
    private func whileFull(_ memory: inout Memory) async throws {
        let (news, sender) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingDiscardingTaskGroup { group in
            for topic in [Signals.Topic.deliveries, .endpoints, .room] {
                group.addTask { [store] in
                    for await _ in store.signals.changes(topic) { sender.yield() }
                    // The store is closed, or it is over.
                    sender.finish()
                }
            }
            group.addTask { [store] in
                while !Task.isCancelled, !store.isClosed {
                    await store.signals.waitForUse(above: nextLook(after: store.used))
                    sender.yield()
                }
            }
            defer { group.cancelAll() }
            for await _ in news {
                try await work(&memory)
                if store.used <= space.historyLimit { break }
            }
        }
    }

    /// How much may be in use until it is looked at again, while nothing else happens.
    private func nextLook(after used: Int) -> Int {
        let next = used + max(1 << 20, space.historyLimit / 64)
        return used < space.publishLimit ? min(next, space.publishLimit - 1) : next
    }

    private func work(_ memory: inout Memory) async throws {
        try await removeHistory(&memory)
        if store.used >= space.publishLimit { try await expire(&memory) }
        try await tellCut(&memory)
        try await tellRoom()
    }

    /// Goes some way below the limit, so that not every change removes another one.
    private func removeHistory(_ memory: inout Memory) async throws {
        guard store.used > space.historyLimit else { return }
        while store.used > space.historyFloor, try await isWorthRemoving() {
            let (count, first) = try await store.write { transaction in
                let count = try transaction.trimJournal(upTo: transaction.head(), limit: Self.piece)
                return (count, try transaction.firstSequence() ?? transaction.head() + 1)
            }
            guard count > 0 else { return }
            memory.cut = (memory.cut.count + count, first - 1)
        }
    }

    private func isWorthRemoving() async throws -> Bool {
        let (count, hold) = try await store.read { (try $0.unneededChanges(), try $0.journalHold()) }
        return count >= (hold == nil || store.used > space.easyLimit ? 1 : Self.leastPiece)
    }

    /// Nobody can publish, so no round of the housekeeper may come of it: what is too old goes now.
    private func expire(_ memory: inout Memory) async throws {
        let now = wallClock.now
        guard memory.expiredAt.map({ $0 + Self.expiryPause <= now }) ?? true else { return }
        memory.expiredAt = now
        try await store.expireDeliveries(before: now - retentionAge, logger: logger)
        try await removeHistory(&memory)
    }

    private func tellCut(_ memory: inout Memory) async throws {
        let (count, last) = memory.cut
        guard count > 0 else { return }
        let now = wallClock.now
        guard memory.toldCut.map({ $0 + Self.pause <= now }) ?? true else { return }
        (memory.toldCut, memory.cut) = (now, (0, 0))
        let limit = ByteSize.words(space.historyLimit)
        try await store.write { [agent] transaction in
            let summary = """
                \(count) changes up to \(last), which every endpoint has, were removed before their age: the store is \
                kept within \(limit)
                """
            let data: JSONObject = ["count": .number(String(count)), "to": .number(String(last))]
            try transaction.tell("historyCut", summary, agent: agent, data)
        }
        logger.notice("removed history to keep the store small", metadata: ["changes": "\(count)", "to": "\(last)"])
    }

    // MARK: Room

    private static let mark = "storageLow"

    /// Once when room becomes short, and once when there is some again; also over the agent's restarts.
    private func tellRoom() async throws {
        let (used, space) = (store.used, space)
        guard used >= space.publishLimit || used <= space.easyLimit else { return }
        let isLow = used >= space.publishLimit
        guard try await store.read({ try $0.meta(Self.mark) != nil }) != isLow else { return }
        let shortage = try await store.read { StorageShortage(used: used, space: space, hold: try $0.journalHold()) }
        try await store.write { [agent] transaction in
            try transaction.setMeta(Self.mark, isLow ? transaction.now.description : nil)
            let summary = isLow ? shortage.summary : "there is room in the store again: \(shortage.measure)"
            try transaction.tell(isLow ? "storageLow" : "storageFreed", summary, agent: agent, shortage.data)
        }
        if isLow {
            logger.error("events of clients are refused", metadata: ["reason": "\(shortage.summary)"])
        } else {
            logger.notice("events of clients are taken again", metadata: ["store.used": "\(used)"])
        }
    }
}
