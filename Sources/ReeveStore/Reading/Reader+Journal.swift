import GRDB
import JSON
package import ReeveProtocol

extension StateReading {
    private var columns: String {
        "sequence, id, lane, previous, type, source, publisherID, subject, time, summary, data"
    }

    package func change(sequence: Int64) throws -> StateChange? {
        let sql = "SELECT \(columns) FROM journal WHERE sequence = ?"
        return try database.first(sql, [.integer(sequence)], StateChange.init(row:))
    }

    package func change(id: String) throws -> StateChange? {
        try database.first("SELECT \(columns) FROM journal WHERE id = ?", [.text(id)], StateChange.init(row:))
    }

    /// Changes in order, after a number.
    /// - Parameters:
    ///   - lane: Only of this lane.
    ///   - type: Only of this type, with `*` for any characters.
    ///   - since: Only what was appended at that time or later, by the agent's clock.
    package func changes(
        after sequence: Int64,
        limit: Int,
        lane: Lane? = nil,
        type: String? = nil,
        since: Timestamp? = nil
    ) throws -> [StateChange] {
        var start = sequence
        if let since {
            guard let first = try firstSequence(since: since) else { return [] }
            start = max(start, first - 1)
        }
        var conditions = ["sequence > ?"]
        var values: [DatabaseValue] = [.integer(start)]
        if let lane {
            conditions.append("lane = ?")
            values.append(.lane(lane))
        }
        if let type {
            conditions.append("type GLOB ?")
            values.append(.pattern(type))
        }
        let condition = conditions.joined(separator: " AND ")
        let sql = "SELECT \(columns) FROM journal WHERE \(condition) ORDER BY sequence LIMIT ?"
        return try database.all(sql, values + [.integer(limit)], StateChange.init(row:))
    }

    /// Changes of one lane in order, after a number, by the index of lanes.
    package func changes(ofLane lane: Lane, after sequence: Int64, limit: Int) throws -> [StateChange] {
        let sql = "SELECT \(columns) FROM journal WHERE lane = ? AND sequence > ? ORDER BY sequence LIMIT ?"
        return try database.all(sql, [.lane(lane), .integer(sequence), .integer(limit)], StateChange.init(row:))
    }

    /// Changes of the agent's lane, the newest first.
    func facts(
        _ pattern: String,
        subject: String? = nil,
        types: [String]? = nil,
        since: Timestamp,
        limit: Int
    ) throws -> [StateChange] {
        let sql = """
            SELECT \(columns) FROM journal WHERE lane = ?1 AND id >= ?2 AND type GLOB ?3 AND subject = ifnull(?4, subject)
                AND (?5 IS NULL OR type IN (SELECT value FROM json_each(?5)))
            ORDER BY sequence DESC LIMIT ?6
            """
        return try database.all(
            sql,
            [
                .lane(.agent), .text(lowestUUIDv7(at: since)), .pattern(pattern), .text(subject),
                .json(types.map { .array($0.map(JSON.string)) }), .integer(limit),
            ],
            StateChange.init(row:)
        )
    }

    /// The number of the first change that was appended at that time or later, by the agent's clock.
    ///
    /// Found by the ids, which begin with the time at which they were made and never go back.
    package func firstSequence(since time: Timestamp) throws -> Int64? {
        let sql = "SELECT sequence FROM journal WHERE id >= ? ORDER BY id LIMIT 1"
        return try database.number(sql, [.text(lowestUUIDv7(at: time))])
    }

    /// The number of the first change that the journal holds; `nil` if it is empty.
    package func firstSequence() throws -> Int64? {
        try database.number("SELECT sequence FROM journal ORDER BY sequence LIMIT 1")
    }

    /// The number of the last change ever appended as this read sees it; 0 if there never was one.
    package func head() throws -> Int64 {
        try database.number("SELECT seq FROM sqlite_sequence WHERE name = 'journal'") ?? 0
    }
}

/// What no id made at that time or later sorts before.
func lowestUUIDv7(at time: Timestamp) -> String {
    let digits = String(max(0, time.milliseconds), radix: 16)
    let padded = String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    return "\(padded.prefix(8))-\(padded.dropFirst(8))-7"
}

extension StateChange {
    /// ``Content/tellsRunGoesOn`` of a row of the journal; never null.
    static let tellsRunGoesOnCondition =
        "(type = '\(EventType.runProgress)' AND data ->> '$.progress' IS NOT NULL)"

    init(row: Row) throws {
        let type: String = row[4]
        let source = row[5] as String?
        let subject = row[7] as String?
        self.init(
            sequence: row[0],
            id: row[1],
            lane: Lane(name: row[2]),
            previous: row[3],
            content: Content(
                type: type,
                subject: subject,
                time: Timestamp(milliseconds: row[8]),
                // A publisher gives no summary: its event's type and subject say what there is to say.
                summary: row[9] ?? (subject.map { "\(type) \($0)" } ?? type),
                data: try row.json(10),
                source: source,
                publisherID: row[6]
            )
        )
    }
}
