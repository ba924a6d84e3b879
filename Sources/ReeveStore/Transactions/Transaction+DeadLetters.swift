import GRDB
import ReeveProtocol

extension Transaction {
    /// Has dead letters tried again; answers how many. Ranges are not among them: what they stood for is not kept here; nor
    /// are held ones that are dropped: that may be done already and not written down.
    package func retryDeadLetters(_ query: DeadLetterQuery) throws -> Int {
        try wish("retry", query, "first IS NULL AND wish IS NOT 'drop'")
    }

    /// Drops dead letters; answers how many. Of those that are held their lanes go on.
    package func dropDeadLetters(_ query: DeadLetterQuery) throws -> Int {
        let held = try wish("drop", query, "held = 1")
        let (conditions, values) = query.conditions
        let sql = "DELETE FROM deadLetters WHERE held = 0 AND \(conditions.joined(separator: " AND "))"
        try database.run(sql, values)
        return held + database.changesCount
    }

    private func wish(_ wish: String, _ query: DeadLetterQuery, _ condition: String) throws -> Int {
        let (conditions, values) = query.conditions
        let sql = """
            UPDATE deadLetters SET wish = ? WHERE \(condition) AND \(conditions.joined(separator: " AND "))
            """
        try database.run(sql, [.text(wish)] + values)
        let count = database.changesCount
        if count > 0 { tell(.wishes) }
        return count
    }

    /// A letter that is there already gets the newer reason. That it was to be tried again is done with that, but for a held
    /// one: that is wanted since, or has not been read. One that was to be dropped, and holds nothing any more, goes.
    func insert(_ letter: DeadLetter, _ endpoint: String) throws {
        if !letter.isHeld {
            let drop = "DELETE FROM deadLetters WHERE endpoint = ? AND sequence = ? AND wish = 'drop'"
            try database.run(drop, [.text(endpoint), .integer(letter.change.sequence)])
            guard database.changesCount == 0 else { return }
        }
        try database.run(
            """
            INSERT INTO deadLetters (endpoint, sequence, lane, type, change, reason, status, at, attempts, held)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (endpoint, sequence) DO UPDATE SET
                reason = ?6, status = ?7, at = ?8, attempts = ?9, held = ?10,
                wish = CASE WHEN ?10 THEN wish END
            """,
            [
                .text(endpoint), .integer(letter.change.sequence), .lane(letter.change.lane),
                .text(letter.change.content.type), .json(letter.change.json), .text(letter.reason),
                .integer(letter.status), .time(letter.at), .integer(letter.attempts), letter.isHeld.databaseValue,
            ]
        )
    }

    func isThere(_ letter: DeadLetter, _ endpoint: String) throws -> Bool {
        let sql = "SELECT 1 FROM deadLetters WHERE endpoint = ? AND sequence = ?"
        return try database.number(sql, [.text(endpoint), .integer(letter.change.sequence)]) != nil
    }

    /// Letters that were delivered after all go. Those that are released have been tried again; one that somebody wants to be
    /// dropped since then still is.
    func settle(_ endpoint: String, resolved: [Int64], released: [Int64]) throws {
        for sequence in resolved {
            let sql = "DELETE FROM deadLetters WHERE endpoint = ? AND sequence = ? AND first IS NULL"
            try database.run(sql, [.text(endpoint), .integer(sequence)])
        }
        for sequence in released {
            let sql = "UPDATE deadLetters SET wish = NULL WHERE endpoint = ? AND sequence = ? AND wish = 'retry'"
            try database.run(sql, [.text(endpoint), .integer(sequence)])
        }
    }

    /// What was held and is done is held no more.
    func removePassedLetters(_ endpoint: String) throws {
        let sql = """
            DELETE FROM deadLetters WHERE endpoint = ?1 AND held = 1 AND sequence <= ifnull(
                (SELECT p.sequence FROM positions AS p WHERE p.endpoint = ?1 AND p.lane = deadLetters.lane),
                (SELECT cursor FROM endpoints WHERE name = ?1))
            """
        try database.run(sql, [.text(endpoint)])
    }
}
