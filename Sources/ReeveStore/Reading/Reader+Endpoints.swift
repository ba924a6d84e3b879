import GRDB
import JSON
package import ReeveProtocol

extension StateReading {
    private var columns: String {
        """
        definition, cursor, createdAt, startedAfter, paused, generatedSecret,
        source, by, changedAt, previousKey, muting, epoch, replayThrough
        """
    }

    package func endpoint(_ name: String) throws -> StoredEndpoint? {
        let sql = "SELECT \(columns) FROM endpoints WHERE name = ?"
        return try database.first(sql, [.text(name)], StoredEndpoint.init(row:))
    }

    /// All endpoints, by name.
    package func endpoints() throws -> [StoredEndpoint] {
        try database.all("SELECT \(columns) FROM endpoints ORDER BY name", [], StoredEndpoint.init(row:))
    }

    /// The lanes of an endpoint that are not where its cursor is: behind it the laggards, ahead of it what was
    /// delivered out of order.
    package func positions(_ endpoint: String) throws -> [Lane: LanePosition] {
        let sql = "SELECT lane, sequence, replayThrough, replayUntil FROM positions WHERE endpoint = ?"
        let rows = try database.all(sql, [.text(endpoint)]) { row in
            let replay = (row[2] as Int64?).map { Replay(through: $0, until: row[3]) }
            return (Lane(name: row[0]), LanePosition(done: row[1], replay: replay))
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    /// What was told of an endpoint, the newest first.
    /// - Parameters:
    ///   - types: Only these; `nil`: all.
    ///   - since: When the endpoint was made: before that there may have been another one of its name.
    package func endpointFacts(
        _ name: String,
        types: [String]? = nil,
        since: Timestamp,
        limit: Int
    ) throws -> [StateChange] {
        try facts(EventType.endpoint("*"), subject: name, types: types, since: since, limit: limit)
    }

    /// What was told of the agent itself, the newest first.
    package func agentFacts(since: Timestamp, limit: Int) throws -> [StateChange] {
        try facts(EventType.agent("*"), since: since, limit: limit)
    }

    /// How many changes of the journal the endpoint has still to be done with, whatever its filter will say.
    /// - Parameter passed: Up to here all is done but for laggards, as who sends knows and has not written down.
    package func pendingCount(_ endpoint: String, passed: Int64 = 0) throws -> Int {
        let sql = """
            SELECT (SELECT count(*) FROM journal WHERE sequence > end)
                + (SELECT ifnull(sum((SELECT count(*) FROM journal AS j WHERE j.lane = p.lane
                    AND j.sequence > p.sequence AND j.sequence <= end)), 0)
                    FROM positions AS p WHERE p.endpoint = name AND p.sequence < cursor)
                - (SELECT ifnull(sum((SELECT count(*) FROM journal AS j WHERE j.lane = p.lane
                    AND j.sequence > end AND j.sequence <= p.sequence)), 0)
                    FROM positions AS p WHERE p.endpoint = name AND p.sequence > end)
            FROM (SELECT name, cursor, max(cursor, ?2) AS end FROM endpoints WHERE name = ?1)
            """
        return Int(try database.number(sql, [.text(endpoint), .integer(passed)]) ?? 0)
    }

    /// The first change that the endpoint has still to be done with.
    /// - Parameter passed: As of ``pendingCount(_:passed:)``.
    package func oldestPending(_ endpoint: String, passed: Int64 = 0) throws -> StateChange? {
        let sql = """
            SELECT min(sequence) FROM (
                SELECT * FROM (
                    SELECT j.sequence AS sequence FROM endpoints AS e JOIN journal AS j ON j.sequence > max(e.cursor, ?2)
                        LEFT JOIN positions AS p ON p.endpoint = e.name AND p.lane = j.lane
                    WHERE e.name = ?1 AND (p.sequence IS NULL OR p.sequence < j.sequence)
                    ORDER BY j.sequence LIMIT 1
                )
                UNION ALL
                SELECT (SELECT min(j.sequence) FROM journal AS j WHERE j.lane = p.lane AND j.sequence > p.sequence)
                FROM positions AS p JOIN endpoints AS e ON e.name = p.endpoint
                WHERE p.endpoint = ?1 AND p.sequence < e.cursor
            )
            """
        return try database.number(sql, [.text(endpoint), .integer(passed)]).flatMap { try change(sequence: $0) }
    }
}

extension StoredEndpoint {
    fileprivate init(row: Row) throws {
        guard let definition = try row.decoded(0, EndpointDefinition.self), let createdAt = row.time(2) else {
            throw StoreError(.unexpected, "an endpoint's record cannot be read")
        }
        self.definition = definition
        cursor = row[1]
        self.createdAt = createdAt
        startedAfter = row[3]
        pause = try row.decoded(4)
        generatedSecret = row[5]
        source = row[6]
        by = row[7]
        changedAt = row.time(8) ?? createdAt
        previousKey = try row.decoded(9)
        muting = try row.decoded(10) ?? Muting()
        epoch = row[11]
        replayThrough = row[12]
    }
}
