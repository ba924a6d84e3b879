import GRDB
package import ReeveProtocol

extension Transaction {
    /// Puts a group: makes it or changes its limit. One without a limit is what the configuration says, and nothing that is
    /// kept.
    package func putGroup(_ definition: GroupDefinition, by: String) throws {
        tell(.groups)
        guard let limit = definition.limit else {
            return try database.run("DELETE FROM taskGroups WHERE name = ?", [.text(definition.name)])
        }
        try database.run(
            """
            INSERT INTO taskGroups (name, runLimit, by, changedAt) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (name) DO UPDATE SET runLimit = ?2, by = ?3, changedAt = ?4
            """,
            [.text(definition.name), .integer(limit), .text(by), .time(now)]
        )
    }
}

extension StateReading {
    /// The groups that were put, by name.
    package func groups() throws -> [StoredGroup] {
        try database.all("SELECT name, runLimit, by, changedAt FROM taskGroups ORDER BY name", []) { row in
            guard let changedAt = row.time(3) else { throw StoreError(.unexpected, "a group's record cannot be read") }
            return StoredGroup(
                definition: GroupDefinition(name: row[0], limit: row[1]),
                by: row[2],
                changedAt: changedAt
            )
        }
    }
}

/// A group as it was put.
package struct StoredGroup: Sendable, Hashable {
    package var definition: GroupDefinition
    package var by: String
    package var changedAt: Timestamp
}
