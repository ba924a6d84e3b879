import JSON
import ReeveProtocol
import ReeveScheduler
import ReeveStore

/// A service as clients see it.
enum ServiceView {
    /// How it stands, beside its definition.
    /// - Parameter waits: What services wait for.
    static func state(_ service: StoredService, waits: ServiceWaits, zone: Zone? = nil) throws -> JSONObject {
        let hasProbe = service.definition.probe != nil
        var object = JSONObject()
        object["revision"] = .number(String(service.revision))
        let state = try JSONCoder.encode(service.state).object ?? JSONObject()
        // A number for waiting is nobody else's matter.
        object.members += state.members.filter { $0.name != "request" }
        object["ready"] = .bool(service.state.isReady)
        if hasProbe, service.state.status.isAlive, service.state.health == nil { object["health"] = "unknown" }
        if let waitingFor = waits[service.name] {
            object["waitingFor"] = .array(waitingFor.map { .string($0.description) })
        }
        if let stopped = service.orders.stopped {
            var order: JSONObject = ["by": .string(stopped.by), "at": stopped.at.json]
            order["reason"] = stopped.reason.map(JSON.string)
            object["stopped"] = .object(order.withLocalTimes("at", zone: zone))
        }
        if service.removed { object["removed"] = true }
        object["source"] = .string(service.source)
        object["by"] = .string(service.by)
        object["createdAt"] = service.createdAt.json
        object["changedAt"] = service.changedAt.json
        return object.withLocalTimes(
            "startedAt",
            "readyAt",
            "stoppedAt",
            "nextTry",
            "createdAt",
            "changedAt",
            zone: zone
        )
    }

    /// The same with what a list needs of the definition.
    static func item(_ service: StoredService, waits: ServiceWaits, zone: Zone? = nil) throws -> JSONObject {
        var object: JSONObject = ["name": .string(service.name)]
        object["description"] = service.definition.description.map(JSON.string)
        object["labels"] = try service.definition.labels.map(JSONCoder.encode)
        if let requires = service.definition.requires { object["requires"] = try JSONCoder.encode(requires) }
        object.members += try state(service, waits: waits, zone: zone).members
        return object
    }
}
