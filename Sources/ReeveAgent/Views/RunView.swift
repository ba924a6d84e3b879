import JSON
import ReeveProtocol
import ReeveScheduler

/// A run as clients see it.
enum RunView {
    /// The members that are for the agent alone, or that could hold a secret.
    private static let hidden: Set<String> = ["overrides", "stopRequest"]

    static func json(_ run: Run, zone: Zone? = nil) throws -> JSON {
        guard case .object(let encoded) = try JSONCoder.encode(run) else { return nil }
        var object = JSONObject(encoded.members.filter { !hidden.contains($0.name) })
        object["willRetry"] = object["willRetry"] ?? JSON.null
        return .object(
            object.withLocalTimes(
                "due",
                "createdAt",
                "startedAt",
                "stoppedAt",
                "willRetry",
                "notBefore",
                "notAfter",
                zone: zone
            )
        )
    }
}
