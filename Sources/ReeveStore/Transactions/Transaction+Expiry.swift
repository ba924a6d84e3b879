import GRDB
import JSON
package import ReeveProtocol

extension Transaction {
    /// Gives up what an endpoint has not got up to a number, with one dead letter for all of it and a change that tells.
    ///
    /// What `takes` refuses is passed over and not counted; facts about endpoints alone are not told in their turn
    /// (``StateChange/isEndpointFact``). Its sender starts anew. Answers how many changes expired.
    /// - Parameter limit: How many changes to go through at most; there may be more.
    package func expireDeliveries(
        _ name: String,
        upTo last: Int64,
        limit: Int = 10_000,
        takes: (StateChange) -> Bool
    ) throws -> (expired: Int, isAll: Bool) {
        let endpoint = try existingEndpoint(name)
        let positions = try positions(name)
        let isBehind = endpoint.cursor < last || positions.values.contains { $0.done < min(last, endpoint.cursor) }
        guard isBehind else { return (0, true) }
        var range = ExpiredRange()
        var left = limit
        let laggards = positions.filter { $0.value.done < endpoint.cursor }
        for (lane, position) in laggards.sorted(by: { $0.value.done < $1.value.done })
        where position.done < last && left > 0 {
            let changes = try changes(ofLane: lane, after: position.done, limit: left).filter { $0.sequence <= last }
            guard let end = changes.last?.sequence else { continue }
            left -= changes.count
            for change in changes where takes(change) && !position.isDone(change.sequence) { range.add(change) }
            let sql = "UPDATE positions SET sequence = ? WHERE endpoint = ? AND lane = ?"
            try database.run(sql, [.integer(end), .text(name), .lane(lane)])
        }
        if endpoint.cursor < last, left > 0 {
            let changes = try changes(after: endpoint.cursor, limit: left).filter { $0.sequence <= last }
            left -= changes.count
            for change in changes where laggards[change.lane] == nil && takes(change) {
                if positions[change.lane]?.isDone(change.sequence) != true { range.add(change) }
            }
            try commitDelivery(endpoint: name, cursor: left > 0 ? last : changes.last?.sequence)
        }
        guard left < limit else { return (0, true) }
        try removePassedLetters(name)
        if let letter = range.letter(at: now) {
            try insert(letter, range, name)
            if range.isNews { try tellExpired(range, of: name) }
        }
        try begin(name)
        return (range.count, left > 0)
    }

    /// The range that an endpoint has already grows; a person looks at one, not at many.
    private func insert(_ letter: DeadLetter, _ range: ExpiredRange, _ endpoint: String) throws {
        let find = "SELECT max(sequence) FROM deadLetters WHERE endpoint = ? AND first IS NOT NULL"
        var range = range
        if let before = try database.number(find, [.text(endpoint)]),
            let known = try deadLetter(endpoint: endpoint, sequence: before)?.range
        {
            range.add(known)
            let remove = "DELETE FROM deadLetters WHERE endpoint = ? AND sequence = ?"
            try database.run(remove, [.text(endpoint), .integer(before)])
        }
        try insert(letter, endpoint)
        try database.run(
            "UPDATE deadLetters SET first = ?, lanes = ? WHERE endpoint = ? AND sequence = ?",
            [
                .integer(range.first), try .encoded(range.lanes), .text(endpoint),
                .integer(letter.change.sequence),
            ]
        )
    }

    private func tellExpired(_ range: ExpiredRange, of endpoint: String) throws {
        let lanes = range.lanes.sorted { $0.key < $1.key }.map {
            JSONObject.Member(name: $0.key, value: .number(String($0.value)))
        }
        let changes = range.count.counted("change", "changes")
        let summary = "endpoint \(endpoint) does not get \(changes) that became too old"
        let data: JSONObject = [
            "from": .number(String(range.first ?? 0)), "to": .number(String(range.last?.sequence ?? 0)),
            "count": .number(String(range.count)), "lanes": .object(JSONObject(lanes)),
        ]
        try appendFact(of: endpoint, "expired", summary, data)
    }

    /// Removes dead letters beyond an age or a size, oldest first, but none that is held, and tells how many; of facts about
    /// endpoints nothing is told (``StateChange/isEndpointFact``).
    ///
    /// Answers how many went; at most `limit` of each endpoint at once.
    package func expireDeadLetters(before time: Timestamp, bytes: Int, limit: Int = 1000) throws -> Int {
        let old = """
            SELECT rowKey, endpoint,
                type NOT GLOB '\(EventType.endpoint("*"))'
                    OR EXISTS (SELECT 1 FROM json_each(ifnull(lanes, '{}')) WHERE key <> '\(Lane.agent.name)')
            FROM (\(Self.ages)) WHERE at < ?1 OR younger > ?2 ORDER BY at LIMIT ?3
            """
        let found = try database.all(old, [.time(time), .integer(bytes), .integer(limit)]) {
            (sequence: $0[0] as Int64, endpoint: $0[1] as String, isNews: $0[2] as Bool)
        }
        for letter in found {
            let sql = "DELETE FROM deadLetters WHERE endpoint = ? AND sequence = ?"
            try database.run(sql, [.text(letter.endpoint), .integer(letter.sequence)])
        }
        let news = found.filter(\.isNews)
        for (endpoint, letters) in Dictionary(grouping: news, by: \.endpoint).sorted(by: { $0.key < $1.key }) {
            let count = letters.count
            let (subject, verb) = (count.counted("dead letter", "dead letters"), count == 1 ? "is" : "are")
            let summary = "\(subject) of endpoint \(endpoint) \(verb) kept no longer"
            try appendFact(of: endpoint, "expired", summary, ["deadLetters": .number(String(letters.count))])
        }
        return found.count
    }

    /// Each letter with the bytes of all that are as young or younger.
    private static let ages = """
        SELECT sequence AS rowKey, endpoint, type, lanes, at, sum(length(change) + length(reason) + 200) OVER (
            ORDER BY at DESC, endpoint, sequence DESC ROWS UNBOUNDED PRECEDING
        ) AS younger FROM deadLetters WHERE held = 0
        """
}

/// Changes that expired together.
private struct ExpiredRange {
    /// Lanes that are counted each by itself.
    static let mostLanes = 100

    private(set) var first: Int64?
    private(set) var last: StateChange?
    private(set) var lanes: [String: Int] = [:]
    /// Whether there is anything in it but facts about endpoints.
    private(set) var isNews = false

    var count: Int { lanes.values.reduce(0, +) }

    mutating func add(_ change: StateChange) {
        first = min(first ?? change.sequence, change.sequence)
        if change.sequence > last?.sequence ?? 0 { last = change }
        if !change.isEndpointFact { isNews = true }
        add(1, to: change.lane.name)
    }

    mutating func add(_ known: DeadLetter.Range) {
        first = min(first ?? known.first, known.first)
        for (lane, count) in known.lanes { add(count, to: lane) }
    }

    private mutating func add(_ count: Int, to lane: String) {
        lanes[lanes.count < Self.mostLanes || lanes[lane] != nil ? lane : "", default: 0] += count
    }

    func letter(at time: Timestamp) -> DeadLetter? {
        last.map { DeadLetter(change: $0, reason: "became too old to be delivered", at: time) }
    }
}
