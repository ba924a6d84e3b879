import GRDB
import JSON
package import ReeveProtocol

extension Transaction {
    /// Puts an endpoint. One that is there keeps its cursor, positions, dead letters, pause and muting.
    ///
    /// Throws `conflict` with the owner where it is another source's; only the configuration takes over what others have.
    /// - Parameters:
    ///   - start: The number after which a new one begins; not more than the head.
    ///   - generatedSecret: The key made for it; an existing endpoint keeps its own if this is absent.
    package func putEndpoint(
        _ definition: EndpointDefinition,
        start: Int64,
        generatedSecret: String? = nil,
        source: String = DefinitionSource.rpc,
        by: String = DefinitionSource.rpc
    ) throws -> StoredEndpoint {
        if let stored = try endpoint(definition.name) {
            try checkOwner(stored, source)
            guard stored.definition != definition || stored.source != source || generatedSecret != nil else {
                return stored
            }
        }
        let cursor = max(0, min(start, try head()))
        try database.run(
            """
            INSERT INTO endpoints
                (name, definition, cursor, createdAt, startedAfter, generatedSecret, source, by, changedAt)
            VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7, ?4)
            ON CONFLICT (name) DO UPDATE SET
                definition = ?2, generatedSecret = ifnull(?5, generatedSecret), source = ?6, by = ?7, changedAt = ?4
            """,
            [
                .text(definition.name), try .encoded(definition), .integer(cursor), .time(now), .text(generatedSecret),
                .text(source), .text(by),
            ]
        )
        tell(.endpoints)
        return try existingEndpoint(definition.name)
    }

    /// Removes an endpoint with its positions and dead letters. Throws `notFound`, and `conflict` with the owner where it is
    /// another source's; `nil` removes it whosever it is.
    package func removeEndpoint(_ name: String, source: String? = nil) throws -> StoredEndpoint {
        let endpoint = try existingEndpoint(name)
        if let source { try checkOwner(endpoint, source) }
        try database.run("DELETE FROM endpoints WHERE name = ?", [.text(name)])
        try database.run("DELETE FROM positions WHERE endpoint = ?", [.text(name)])
        try database.run("DELETE FROM deadLetters WHERE endpoint = ?", [.text(name)])
        tell(.endpoints)
        return endpoint
    }

    /// From now on an endpoint belongs to another source; nothing else of it changes. Throws `notFound`.
    package func moveEndpoint(_ name: String, to source: String) throws {
        _ = try existingEndpoint(name)
        try database.run("UPDATE endpoints SET source = ? WHERE name = ?", [.text(source), .text(name)])
        tell(.endpoints)
    }

    private func checkOwner(_ endpoint: StoredEndpoint, _ source: String) throws {
        guard endpoint.source != source else { return }
        throw StoreError(
            .conflict(StoreError.Conflict(owner: endpoint.source)),
            "endpoint \"\(endpoint.name)\" belongs to \(endpoint.source) and can be changed only from there"
        )
    }

    /// Moves the cursor of an endpoint from which consumers fetch: everything up to that number is done there. One that is
    /// there already, or further, stays. Throws `notFound`.
    package func commitQueue(_ name: String, through sequence: Int64) throws -> StoredEndpoint {
        let endpoint = try existingEndpoint(name)
        guard sequence > endpoint.cursor else { return endpoint }
        try database.run("UPDATE endpoints SET cursor = ? WHERE name = ?", [.integer(sequence), .text(name)])
        tell(.deliveries)
        return try existingEndpoint(name)
    }

    /// Gives an endpoint another key. The one until now signs as well until a time, if one is given. Throws `notFound`.
    package func setKey(
        _ name: String,
        _ secret: ConfiguredValue,
        previous: PreviousKey?,
        by: String
    ) throws -> StoredEndpoint {
        var definition = try existingEndpoint(name).definition
        definition.secret = secret
        try database.run(
            """
            UPDATE endpoints SET definition = ?, generatedSecret = NULL, previousKey = ?, by = ?, changedAt = ?
            WHERE name = ?
            """,
            [try .encoded(definition), try .encoded(previous), .text(by), .time(now), .text(name)]
        )
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
    ///   - deadLetters: What was given up, or is held.
    ///   - refusedAgain: Dead letters that were tried again, as they are since; one that was dropped meanwhile stays gone.
    ///   - resolved: The numbers of dead letters that were delivered after all, or are done otherwise.
    ///   - released: Of held ones that are tried again, as somebody wanted.
    package func commitDelivery(
        endpoint: String,
        cursor: Int64? = nil,
        positions: [Lane: Int64?] = [:],
        deadLetters: [DeadLetter] = [],
        refusedAgain: [DeadLetter] = [],
        resolved: [Int64] = [],
        released: [Int64] = []
    ) throws {
        let before = "SELECT cursor FROM endpoints WHERE name = ?"
        guard let before = try database.number(before, [.text(endpoint)]) else {
            throw StoreError.notFound("endpoint", endpoint)
        }
        if let cursor { try move(endpoint, from: before, to: cursor) }
        for (lane, sequence) in positions { try set(endpoint, lane, sequence) }
        try settle(endpoint, resolved: resolved, released: released)
        for letter in deadLetters { try insert(letter, endpoint) }
        for letter in refusedAgain where try isThere(letter, endpoint) { try insert(letter, endpoint) }
        // Also of those just held: somebody may have dropped them since.
        try removePassedLetters(endpoint)
        // A lane may be held no more, and others of its letters wait for that.
        let areLettersOther = !deadLetters.isEmpty || !refusedAgain.isEmpty || !resolved.isEmpty
        if areLettersOther || database.changesCount > 0 { tell(.wishes) }
        tell(.deliveries)
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
        // One that also says what is sent again stays until the cursor has passed that too.
        try database.run(
            """
            DELETE FROM positions
            WHERE endpoint = ?1 AND sequence > ?2 AND sequence <= ?3 AND ifnull(replayThrough, 0) <= ?3
            """,
            [.text(endpoint), .integer(before), .integer(cursor)]
        )
    }

    private func set(_ endpoint: String, _ lane: Lane, _ sequence: Int64?) throws {
        guard let sequence else {
            let delete = "DELETE FROM positions WHERE endpoint = ? AND lane = ?"
            return try database.run(delete, [.text(endpoint), .lane(lane)])
        }
        try database.run(
            """
            INSERT INTO positions (endpoint, lane, sequence) VALUES (?1, ?2, ?3)
            ON CONFLICT (endpoint, lane) DO UPDATE SET sequence = ?3
            """,
            [.text(endpoint), .lane(lane), .integer(sequence)]
        )
    }

    func existingEndpoint(_ name: String) throws -> StoredEndpoint {
        guard let endpoint = try endpoint(name) else { throw StoreError.notFound("endpoint", name) }
        return endpoint
    }
}
