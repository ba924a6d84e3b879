import GRDB
import JSON
package import ReeveProtocol

extension Transaction {
    /// Puts a service: makes it, changes it, or finds that the same is there already. One that was stopped by hand stays
    /// so.
    ///
    /// Throws `conflict` with the owner where it is another source's. Circles are the caller's to look for, in this
    /// transaction.
    package func putService(_ definition: ServiceDefinition, source: String, by: String) throws -> ServicePut {
        let stored = try service(definition.name, includingRemoved: true)
        if let stored, !stored.removed {
            try checkOwner(stored, source)
            guard stored.definition != definition else {
                return ServicePut(service: stored, created: false, changed: false)
            }
        }
        let created = stored?.removed ?? true
        var orders = stored?.orders ?? ServiceOrders()
        orders.request += 1
        if created { orders.stopped = nil }
        try database.run(
            """
            INSERT INTO services (name, definition, revision, source, by, createdAt, changedAt, orders, state)
            VALUES (?1, ?2, 1, ?3, ?4, ?5, ?5, ?6, ?7)
            ON CONFLICT (name) DO UPDATE SET
                definition = ?2, revision = revision + 1, source = ?3, by = ?4, changedAt = ?5, orders = ?6,
                createdAt = CASE removed WHEN 1 THEN ?5 ELSE createdAt END, removed = 0
            """,
            [
                .text(definition.name), try .encoded(definition), .text(source), .text(by), .time(now),
                try .encoded(orders), try .encoded(ServiceState()),
            ]
        )
        let service = try existingService(definition.name)
        let what = created ? "created" : "changed"
        let summary = created ? "created by \(by)" : "changed to revision \(service.revision) by \(by)"
        try append(service, what, summary)
        tell(.services)
        return ServicePut(service: service, created: created, changed: true)
    }

    /// Asks a service to go: who carries it out forgets it when nothing of it runs any more.
    ///
    /// Throws `notFound`, and `conflict` with the owner where it is another source's.
    package func removeService(_ name: String, source: String, by: String) throws -> StoredService {
        let stored = try existingService(name)
        try checkOwner(stored, source)
        var orders = stored.orders
        orders.request += 1
        try database.run(
            "UPDATE services SET removed = 1, by = ?, changedAt = ?, orders = ? WHERE name = ?",
            [.text(by), .time(now), try .encoded(orders), .text(name)]
        )
        guard let service = try service(name, includingRemoved: true) else {
            throw StoreError.notFound("service", name)
        }
        try append(service, "removed", "removed by \(by)")
        tell(.services)
        return service
    }

    /// From now on a service belongs to another source; nothing else of it changes. Throws `notFound`.
    package func moveService(_ name: String, to source: String) throws {
        _ = try existingService(name)
        try database.run("UPDATE services SET source = ? WHERE name = ?", [.text(source), .text(name)])
        tell(.services)
    }

    /// Nothing of a removed service runs any more. Whether it is gone: one that was put again meanwhile stays.
    /// - Parameter row: Which one of its name.
    package func forgetService(row: Int64) throws -> Bool {
        let sql = "DELETE FROM services WHERE row = ? AND removed = 1 RETURNING row"
        guard try database.number(sql, [.integer(Int(row))]) != nil else { return false }
        tell(.serviceStates)
        return true
    }

    /// Asks for something by hand. Throws `notFound`.
    package func orderService(
        _ name: String,
        _ kind: ServiceOrderKind,
        by: String,
        reason: String?
    ) throws -> StoredService {
        let stored = try existingService(name)
        var orders = stored.orders
        orders.request += 1
        let order = ServiceOrder(request: orders.request, at: now, by: by, reason: reason)
        switch kind {
        case .start:
            orders.stopped = nil
            orders.started = order
        case .stop:
            // Who stopped it first is who it stands still for.
            orders.stopped = orders.stopped ?? order
            orders.lastStop = orders.stopped
        case .restart:
            orders.stopped = nil
            orders.restarted = order
        }
        let encoded = try DatabaseValue.encoded(orders)
        try database.run("UPDATE services SET orders = ? WHERE name = ?", [encoded, .text(name)])
        tell(.services)
        return try existingService(name)
    }

    /// Stores how a service stands, and tells what became of it. One that is gone is passed over.
    /// - Parameter row: Which one of that name.
    package func recordService(_ name: String, row: Int64, _ state: ServiceState, _ changes: [ServiceChange]) throws {
        guard let service = try service(name, includingRemoved: true), service.row == row else { return }
        let encoded = try DatabaseValue.encoded(state)
        try database.run("UPDATE services SET state = ? WHERE name = ?", [encoded, .text(name)])
        for change in changes where try !isTold(change.id) {
            let content = try ServiceContent(service: service, change: change).content
            try append(lane: .service(name), content, id: change.id)
        }
        tell(.serviceStates)
    }

    /// The agent before this one went down, and with it all services that ran: tells that of each. To be called before
    /// anybody goes by their states.
    package func loseServices() throws {
        for service in try services(includingRemoved: true) where service.state.status.isAlive {
            var state = service.state
            state.status = service.orders.stopped == nil ? .waiting : .stopped
            state.lostProcess(cause: "agentCrashed", reason: "the agent went down while it ran")
            state.stoppedAt = now
            let change = ServiceChange(id: newID(), kind: .exited, state: state, at: now)
            try recordService(service.name, row: service.row, state, [change])
        }
    }

    private func isTold(_ id: String) throws -> Bool {
        try database.number("SELECT 1 FROM journal WHERE id = ?", [.text(id)]) != nil
    }

    private func existingService(_ name: String) throws -> StoredService {
        guard let service = try service(name) else { throw StoreError.notFound("service", name) }
        return service
    }

    private func checkOwner(_ service: StoredService, _ source: String) throws {
        guard service.source != source else { return }
        throw StoreError(
            .conflict(StoreError.Conflict(current: service.revision, owner: service.source)),
            "service \"\(service.name)\" belongs to \(service.source) and can be changed only from there"
        )
    }

    /// Appends the change that tells of what was done to its definition.
    private func append(_ service: StoredService, _ what: String, _ summary: String) throws {
        let data: JSONObject = [
            "service": .string(service.name), "revision": .number(String(service.revision)),
            "source": .string(service.source), "by": .string(service.by),
            "labels": try JSONCoder.encode(service.definition.labels ?? [:]),
        ]
        try append(
            lane: .service(service.name),
            StateChange.Content(
                type: EventType.service(what),
                subject: service.name,
                time: now,
                summary: "\(service.name) \(summary)",
                data: .object(data)
            )
        )
    }
}

/// A service's change as it stands in the journal, as `Protocol/` has its data.
private struct ServiceContent {
    let service: StoredService
    let change: ServiceChange

    private var state: ServiceState { change.state }

    var content: StateChange.Content {
        get throws {
            StateChange.Content(
                type: EventType.service(change.kind.rawValue),
                subject: service.name,
                time: change.at,
                summary: "\(service.name) \(what)",
                data: .object(try data)
            )
        }
    }

    private var data: JSONObject {
        get throws {
            var data: JSONObject = [
                "service": .string(service.name), "revision": .number(String(service.revision)),
                "labels": try JSONCoder.encode(service.definition.labels ?? [:]),
            ]
            let state = try JSONCoder.encode(state).object ?? [:]
            data.members += state.members.filter { $0.name != "request" }
            if change.omitted > 0 { data["omitted"] = .number(String(change.omitted)) }
            return data
        }
    }

    /// `exited with 1, for the 4th time in a row; starts again at …`
    private var what: String {
        let reason = state.reason.map { ": \($0)" } ?? ""
        let again = state.nextTry.map { "; next try in \($0.since(change.at))" } ?? ""
        return switch change.kind {
        case .started: "started"
        case .ready: "is ready"
        case .unready: "is not ready any more\(reason)"
        case .healthy: "is healthy"
        case .unhealthy: "is unhealthy\(reason)"
        case .exited: "\(ending)\(repeated)\(again)"
        case .failed:
            state.status == .failed ? "has failed and is given up\(reason)" : "failed\(reason)\(repeated)\(again)"
        case .stopped: "stopped\(reason)"
        }
    }

    /// What the process did itself is said as that; what was done to it, as the reason of its end.
    private var ending: String {
        guard let reason = state.reason else { return "exited" }
        return ["exit", "signal", "outOfMemory"].contains(state.cause) ? reason : "ended: \(reason)"
    }

    private var repeated: String {
        state.failures > 1 ? ", \(state.failures) failures in a row" : ""
    }
}
