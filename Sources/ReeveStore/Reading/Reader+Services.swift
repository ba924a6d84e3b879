import GRDB
package import ReeveProtocol

extension StateReading {
    /// `nil` if there is none; one that is going only if asked for.
    package func service(_ name: String, includingRemoved: Bool = false) throws -> StoredService? {
        let sql = "SELECT \(StoredService.columns) FROM services WHERE name = ?"
        let service = try database.first(sql, [.text(name)], StoredService.init(row:))
        return service.flatMap { $0.removed && !includingRemoved ? nil : $0 }
    }

    /// Those of the requirements that are not so now; a service that is not there meets none.
    package func unmet(_ requirements: [RequirementDefinition]) throws -> [RequirementDefinition] {
        try requirements.filter { requirement in
            switch requirement.subject {
            case .service(let name):
                guard let service = try service(name) else { return true }
                let hasProbe = service.definition.probe != nil
                return !service.state.meets(requirement.effectiveCondition, hasProbe: hasProbe)
            case .task(let id): return try task(id)?.last?.outcome != .succeeded
            }
        }
    }

    /// Services by name, after the one of that name (which need not be there).
    package func services(
        after name: String = "",
        limit: Int = .max,
        includingRemoved: Bool = false
    ) throws -> [StoredService] {
        let which = includingRemoved ? "" : "AND removed = 0"
        let sql = "SELECT \(StoredService.columns) FROM services WHERE name > ? \(which) ORDER BY name LIMIT ?"
        return try database.all(sql, [.text(name), .integer(limit)], StoredService.init(row:))
    }
}

extension StoredService {
    fileprivate static let columns =
        "row, definition, revision, source, by, createdAt, changedAt, removed, orders, state"

    fileprivate init(row: Row) throws {
        guard let definition = try row.decoded(1, ServiceDefinition.self), let createdAt = row.time(5),
            let changedAt = row.time(6), let orders = try row.decoded(8, ServiceOrders.self),
            let state = try row.decoded(9, ServiceState.self)
        else { throw StoreError(.unexpected, "a service's record cannot be read") }
        self.init(
            row: row[0],
            definition: definition,
            revision: row[2],
            source: row[3],
            by: row[4],
            createdAt: createdAt,
            changedAt: changedAt,
            removed: row[7],
            orders: orders,
            state: state
        )
    }
}
