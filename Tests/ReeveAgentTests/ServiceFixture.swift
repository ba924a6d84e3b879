import Glibc
import JSON
import ReeveProtocol
import Testing

@testable import ReeveAgent

extension RunningAgent {
    /// Puts a service that runs a shell line, and answers what `service.put` did.
    @discardableResult
    func putService(_ name: String, shell line: String, _ more: JSONObject = [:]) async throws -> JSON {
        var service: JSONObject = ["name": .string(name), "command": ["/bin/sh", "-c", .string(line)]]
        service.members += more.members
        return try await call("service.put", ["service": .object(service)])
    }

    /// Waits until the service has reached that, and answers how it stands then.
    @discardableResult
    func reached(_ name: String, _ goal: String = "ready") async throws -> JSON {
        try await call("service.wait", ["service": .string(name), "until": .string(goal), "deadline": "60s"])
    }

    func order(_ what: String, _ name: String) async throws {
        try await call("service.\(what)", ["service": .string(name)])
    }

    func service(_ name: String) async throws -> JSON {
        try await call("service.get", ["service": .string(name)])
    }

    func why(_ name: String) async throws -> [String] {
        let answer = try await call("service.why", ["service": .string(name)])
        return answer["reasons"]?.array?.compactMap(\.string) ?? []
    }

    /// The types of the changes in a service's lane, without what all of them begin with.
    func serviceChanges(_ name: String) async throws -> [String] {
        try await serviceEvents(name).compactMap {
            $0["type"]?.string.map { String($0.dropFirst("dev.reeve.service.".count)) }
        }
    }

    func serviceEvents(_ name: String) async throws -> [JSON] {
        let answer = try await call("event.list", ["lane": .string("service:\(name)"), "limit": 1000])
        return answer["events"]?.array ?? []
    }

    /// Waits until a change of that type is in the service's lane, and answers it: the first that `matches`.
    func serviceEvent(
        _ name: String,
        _ type: String,
        where matches: (JSON) -> Bool = { _ in true }
    ) async throws -> JSON {
        try await event("service", name, type, where: matches)
    }

    /// The same of a task.
    func taskEvent(
        _ id: String,
        _ type: String,
        where matches: (JSON) -> Bool = { _ in true }
    ) async throws -> JSON {
        try await event("task", id, type, where: matches)
    }

    private func event(_ kind: String, _ name: String, _ type: String, where matches: (JSON) -> Bool) async throws
        -> JSON
    {
        var after: JSON = 0
        while true {
            let answer = try await call(
                "event.list",
                ["lane": .string("\(kind):\(name)"), "after": after, "wait": "60s"]
            )
            let events = answer["events"]?.array ?? []
            if let event = events.first(where: { $0["type"]?.string == "dev.reeve.\(kind).\(type)" && matches($0) }) {
                return event
            }
            after = answer["next"] ?? 0
        }
    }
}

/// Whether a process of that pid is there, also one that nobody has waited for.
func isAlive(_ pid: Int?) -> Bool {
    pid.map { kill(pid_t($0), 0) == 0 } ?? false
}
