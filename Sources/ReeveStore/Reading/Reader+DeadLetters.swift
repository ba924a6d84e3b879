import GRDB
import JSON
package import ReeveProtocol

private let columns = "change, reason, status, at, attempts, held, wish, first, lanes"

extension StateReading {
    package func deadLetter(endpoint: String, sequence: Int64) throws -> DeadLetter? {
        let sql = "SELECT \(columns) FROM deadLetters WHERE endpoint = ? AND sequence = ?"
        return try database.first(sql, [.text(endpoint), .integer(sequence)], DeadLetter.init(row:))
    }

    /// The first of those that hold a lane.
    package func heldLetter(endpoint: String, lane: Lane) throws -> DeadLetter? {
        let sql = """
            SELECT \(columns) FROM deadLetters WHERE endpoint = ? AND held = 1 AND lane = ? ORDER BY sequence LIMIT 1
            """
        return try database.first(sql, [.text(endpoint), .lane(lane)], DeadLetter.init(row:))
    }

    /// By endpoint and number, after one of them.
    package func deadLetters(
        _ query: DeadLetterQuery,
        after last: (endpoint: String, sequence: Int64)? = nil,
        limit: Int
    ) throws -> [EndpointLetter] {
        var (conditions, values) = query.conditions
        if let last {
            conditions.append("(endpoint, sequence) > (?, ?)")
            values += [.text(last.endpoint), .integer(last.sequence)]
        }
        let sql = """
            SELECT \(columns), endpoint FROM deadLetters WHERE \(conditions.joined(separator: " AND "))
            ORDER BY endpoint, sequence LIMIT ?
            """
        return try database.all(sql, values + [.integer(limit)]) { row in
            EndpointLetter(endpoint: row[9], letter: try DeadLetter(row: row))
        }
    }

    /// The first of an endpoint's dead letters of which something is wanted, by number.
    ///
    /// One that is to be tried again in a lane that is held waits until it is not, and keeps nobody waiting meanwhile.
    package func wantedLetters(endpoint: String, limit: Int) throws -> [DeadLetter] {
        let holds = """
            SELECT 1 FROM deadLetters AS h
            WHERE h.endpoint = d.endpoint AND h.lane = d.lane AND h.held = 1 AND h.wish IS NULL
            """
        let sql = """
            SELECT \(columns) FROM deadLetters AS d WHERE endpoint = ? AND wish IS NOT NULL
                AND (held = 1 OR wish <> 'retry' OR NOT EXISTS (\(holds)))
            ORDER BY sequence LIMIT ?
            """
        return try database.all(sql, [.text(endpoint), .integer(limit)], DeadLetter.init(row:))
    }

    /// Whether that change is in a range that expired at that endpoint.
    package func hasExpired(_ sequence: Int64, endpoint: String) throws -> Bool {
        let sql = """
            SELECT count(*) FROM deadLetters WHERE endpoint = ? AND sequence >= ? AND first <= ? AND first IS NOT NULL
            """
        return try database.number(sql, [.text(endpoint), .integer(sequence), .integer(sequence)]) ?? 0 > 0
    }

    /// How many dead letters an endpoint has; a range counts as one.
    package func deadLetterCount(of endpoint: String) throws -> Int {
        let sql = "SELECT count(*) FROM deadLetters WHERE endpoint = ?"
        return Int(try database.number(sql, [.text(endpoint)]) ?? 0)
    }
}

extension DeadLetterQuery {
    /// The conditions on a row, and their values; never none.
    var conditions: ([String], [DatabaseValue]) {
        var conditions = ["TRUE"]
        var values: [DatabaseValue] = []
        func add(_ condition: String, _ value: DatabaseValue) {
            conditions.append(condition)
            values.append(value)
        }
        if let endpoint { add("endpoint = ?", .text(endpoint)) }
        if let ids {
            let pairs = ids.map { JSON.array([.string($0.endpoint), .number(String($0.sequence))]) }
            add("(endpoint, sequence) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))", .json(.array(pairs)))
        }
        if let type { add("type GLOB ?", .pattern(type)) }
        if let lane { add("lane GLOB ?", .pattern(lane)) }
        if let since { add("at >= ?", .time(since)) }
        if let until { add("at < ?", .time(until)) }
        return (conditions, values)
    }
}

extension DeadLetter {
    fileprivate init(row: Row) throws {
        guard let change = try row.json(0).flatMap(StateChange.init(json:)), let at = row.time(3) else {
            throw StoreError(.unexpected, "a dead letter's record cannot be read")
        }
        self.init(change: change, reason: row[1], status: row[2], attempts: row[4], isHeld: row[5], at: at)
        wish = row[6]
        if let first = row[7] as Int64? { range = Range(first: first, lanes: try row.decoded(8) ?? [:]) }
    }
}
