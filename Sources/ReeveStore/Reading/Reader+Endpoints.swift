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

    /// That an endpoint does not answer, if that is the last that was told of it; `nil` if it answers.
    /// - Parameter since: When the endpoint was made.
    package func openedFact(of name: String, since: Timestamp) throws -> StateChange? {
        let edges = ["opened", "closed"].map(EventType.endpoint)
        let last = try endpointFacts(name, types: edges, since: since, limit: 1).first
        return last.flatMap { $0.content.type == edges[0] ? $0 : nil }
    }

    /// What was told of the agent itself, the newest first.
    package func agentFacts(since: Timestamp, limit: Int) throws -> [StateChange] {
        try facts(EventType.agent("*"), since: since, limit: limit)
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
