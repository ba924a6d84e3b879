import JSON
package import ReeveEngine
package import ReeveProcess
import ReeveProtocol
package import ReeveRunner
package import ReeveScheduler
package import ReeveService
package import ReeveStore
package import ReeveSubmitter

/// The keys of what the agent's parts offer each other.
package enum Part {
    package static let zones = Resource<HostTime>("zones")
    package static let store = Resource<Store>("store")
    package static let processes = Resource<Processes>("processes")
    package static let scheduler = Resource<Scheduler>("scheduler")
    static let dropIns = Resource<DropIns>("folders")
    package static let runner = Resource<Runner>("runner")
    package static let services = Resource<Services>("services")
    package static let submitter = Resource<Submitter>("submitter")
}

/// The parts as the socket sees them: each may be away for a while.
package struct Parts: Sendable {
    var storeHandle: Live<Store>
    var processesHandle: Live<Processes>
    var runnerHandle: Live<Runner>
    var servicesHandle: Live<Services>
    var submitterHandle: Live<Submitter>
    var schedulerHandle: Live<Scheduler>
    var dropInsHandle: Live<DropIns>

    /// What clients are told to wait before they ask again.
    static let retryAfter = Interval.seconds(1)

    var store: Store {
        get throws(Failure) { try require(storeHandle, "store") }
    }

    var processes: Processes {
        get throws(Failure) { try require(processesHandle, "processes") }
    }

    var submitter: Submitter {
        get throws(Failure) { try require(submitterHandle, "submitter") }
    }

    /// How the submitter sees the endpoints, by name; none while it is away.
    var endpointStatuses: [String: EndpointStatus] {
        let statuses = submitterHandle.value?.status() ?? []
        return Dictionary(statuses.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private func require<Value>(_ handle: Live<Value>, _ name: String) throws(Failure) -> Value {
        guard let value = handle.value else { throw Self.unavailable(name) }
        return value
    }

    static func unavailable(_ name: String, _ reason: String = "is restarting") -> Failure {
        Failure(
            .unavailable,
            "the \(name) \(reason)",
            reason: "the part of the agent that this needs \(reason)",
            hint: "reeve engine shows what it waits for",
            details: [
                "part": .string(name), "retryAfter": .string(retryAfter.description),
            ]
        )
    }
}
