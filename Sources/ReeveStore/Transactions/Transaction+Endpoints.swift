import GRDB
import JSON
package import ReeveProtocol

extension Transaction {
    /// Puts an endpoint. One that is there keeps its cursor, positions, dead letters and pause.
    /// - Parameters:
    ///   - start: The number after which a new one begins; not more than the head.
    ///   - generatedSecret: The key made for it; an existing endpoint keeps its own if this is absent.
    package func putEndpoint(
        _ definition: EndpointDefinition,
        start: Int64,
        generatedSecret: String? = nil
    ) throws -> StoredEndpoint {
        let cursor = max(0, min(start, try head()))
        try database.run(
            """
            INSERT INTO endpoints (name, definition, cursor, createdAt, startedAfter, generatedSecret)
            VALUES (?1, ?2, ?3, ?4, ?3, ?5)
            ON CONFLICT (name) DO UPDATE SET
                definition = ?2, generatedSecret = ifnull(?5, generatedSecret)
            """,
            [
                .text(definition.name), try .encoded(definition), .integer(cursor), .time(now), .text(generatedSecret),
            ]
        )
        tell(.endpoints)
        return try existingEndpoint(definition.name)
    }

    /// Removes an endpoint with its positions and dead letters. Throws `notFound`.
    package func removeEndpoint(_ name: String) throws -> StoredEndpoint {
        let endpoint = try existingEndpoint(name)
        try database.run("DELETE FROM endpoints WHERE name = ?", [.text(name)])
        try database.run("DELETE FROM positions WHERE endpoint = ?", [.text(name)])
        try database.run("DELETE FROM deadLetters WHERE endpoint = ?", [.text(name)])
        tell(.endpoints)
        return endpoint
    }

    /// Pauses an endpoint, and tells of it, or lets it go on (`nil`). Throws `notFound`.
    @discardableResult
    package func setEndpointPaused(_ name: String, _ pause: Pause?) throws -> StoredEndpoint {
        let endpoint = try existingEndpoint(name)
        guard endpoint.pause != pause else { return endpoint }
        let paused = try DatabaseValue.encoded(pause)
        try database.run("UPDATE endpoints SET paused = ? WHERE name = ?", [paused, .text(name)])
        if let pause {
            var data: JSONObject = ["endpoint": .string(name), "by": .string(pause.by)]
            data["reason"] = pause.reason.map(JSON.string)
            let reason = pause.reason.map { ": \($0)" } ?? ""
            let content = StateChange.Content(
                type: EventType.endpoint("paused"),
                subject: name,
                time: now,
                summary: "endpoint \(name) paused by \(pause.by)\(reason)",
                data: .object(data)
            )
            try append(lane: .agent, content)
        }
        tell(.endpoints)
        return try existingEndpoint(name)
    }

    /// Notes what an endpoint's submitter has done, all at once.
    ///
    /// First the cursor moves, and the positions which it thereby reaches or passes are deleted; then `positions` are
    /// set. So a lane that the cursor leaves behind has to stand in `positions` of the same call, also if it had one.
    /// Throws `notFound`, and `backwards` for a cursor that would go back (positions may).
    /// - Parameters:
    ///   - cursor: Everything up to this number is done, but for the lanes with a position behind it; `nil`: unchanged.
    ///   - positions: For a lane, up to where it is done; `nil` deletes its position, so that the cursor's holds.
    ///   - deadLetters: What was given up. One that is there already stays.
    package func commitDelivery(
        endpoint: String,
        cursor: Int64? = nil,
        positions: [Lane: Int64?] = [:],
        deadLetters: [DeadLetter] = []
    ) throws {
        let before = "SELECT cursor FROM endpoints WHERE name = ?"
        guard let before = try database.number(before, [.text(endpoint)]) else {
            throw StoreError.notFound("endpoint", endpoint)
        }
        if let cursor { try move(endpoint, from: before, to: cursor) }
        for (lane, sequence) in positions { try set(endpoint, lane, sequence) }
        for letter in deadLetters { try insert(letter, endpoint) }
        tell(.deliveries)
    }

    /// Removes a dead letter, because it was delivered after all or is of no use. Throws `notFound`.
    package func removeDeadLetter(endpoint: String, sequence: Int64) throws {
        let sql = "DELETE FROM deadLetters WHERE endpoint = ? AND sequence = ?"
        try database.run(sql, [.text(endpoint), .integer(sequence)])
        guard database.changesCount > 0 else { throw StoreError.notFound("dead letter", "\(endpoint)/\(sequence)") }
    }

    private func move(_ endpoint: String, from before: Int64, to cursor: Int64) throws {
        guard cursor >= before else {
            throw StoreError(
                .backwards,
                "the cursor of endpoint \"\(endpoint)\" is \(before), it cannot become \(cursor)"
            )
        }
        guard cursor > before else { return }
        try database.run("UPDATE endpoints SET cursor = ? WHERE name = ?", [.integer(cursor), .text(endpoint)])
        try database.run(
            "DELETE FROM positions WHERE endpoint = ? AND sequence > ? AND sequence <= ?",
            [.text(endpoint), .integer(before), .integer(cursor)]
        )
    }

    private func set(_ endpoint: String, _ lane: Lane, _ sequence: Int64?) throws {
        guard let sequence else {
            let delete = "DELETE FROM positions WHERE endpoint = ? AND lane = ?"
            return try database.run(delete, [.text(endpoint), .lane(lane)])
        }
        try database.run(
            "INSERT OR REPLACE INTO positions (endpoint, lane, sequence) VALUES (?, ?, ?)",
            [.text(endpoint), .lane(lane), .integer(sequence)]
        )
    }

    private func insert(_ letter: DeadLetter, _ endpoint: String) throws {
        try database.run(
            """
            INSERT INTO deadLetters (endpoint, sequence, lane, change, reason, status, at) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (endpoint, sequence) DO NOTHING
            """,
            [
                .text(endpoint), .integer(letter.change.sequence), .lane(letter.change.lane), .json(letter.change.json),
                .text(letter.reason), .integer(letter.status), .time(letter.at),
            ]
        )
    }

    private func existingEndpoint(_ name: String) throws -> StoredEndpoint {
        guard let endpoint = try endpoint(name) else { throw StoreError.notFound("endpoint", name) }
        return endpoint
    }
}
