package import ReeveProtocol

/// A service as the store has it: what was put, what was asked of it, and how it stands.
package struct StoredService: Sendable, Hashable {
    /// A small number that is its own for as long as it is there.
    package var row: Int64
    package var definition: ServiceDefinition
    /// Counts the definitions under this name, from 1.
    package var revision: Int
    /// Where it comes from, and alone may be changed from: `rpc`, `folder:PATH`.
    package var source: String
    /// Who put this revision.
    package var by: String
    package var createdAt: Timestamp
    package var changedAt: Timestamp
    /// It is to go, as soon as nothing of it runs any more.
    package var removed: Bool
    package var orders: ServiceOrders
    package var state: ServiceState

    package var name: String { definition.name }

    /// The state follows what was asked last.
    package var isUpToDate: Bool { state.request >= orders.request }
}

/// What clients asked of a service.
package struct ServiceOrders: Sendable, Hashable, Codable {
    /// Counts the puts, starts, stops and restarts: the number of the last.
    package var request = 0
    /// It is to stand still until it is started.
    package var stopped: ServiceOrder?
    /// The last of these, also when it has been started since.
    package var lastStop: ServiceOrder?
    package var started: ServiceOrder?
    package var restarted: ServiceOrder?

    package init() {}

    /// The last request by hand for another process.
    package var lastStart: Int { max(started?.request ?? 0, restarted?.request ?? 0) }
}

/// Somebody asked for something.
package struct ServiceOrder: Sendable, Hashable, Codable {
    package var request: Int
    package var at: Timestamp
    package var by: String
    package var reason: String?

    /// `by uid:0: to change the disk`
    package var text: String { "by \(by)" + (reason.map { ": \($0)" } ?? "") }
}

package enum ServiceOrderKind: Sendable {
    case start, stop, restart
}

/// What `service.put` did.
package struct ServicePut: Sendable, Hashable {
    package var service: StoredService
    package var created: Bool
    package var changed: Bool
}

/// Something that became of a service, as it was then.
package struct ServiceChange: Sendable, Hashable {
    package enum Kind: String, Sendable {
        /// A process runs.
        case started
        /// The process is ready, or no longer.
        case ready, unready
        /// Its probe says so.
        case healthy, unhealthy
        /// The process ended without being told to.
        case exited
        /// It could not be started, or is given up.
        case failed
        /// It ended because it was told to.
        case stopped
    }

    /// A UUIDv7 of the change: one that is recorded twice is told once.
    package var id: String
    package var kind: Kind
    package var state: ServiceState
    package var at: Timestamp
    /// Changes before this one that were not told each, for there were too many.
    package var omitted: Int

    package init(id: String, kind: Kind, state: ServiceState, at: Timestamp, omitted: Int = 0) {
        self.id = id
        self.kind = kind
        self.state = state
        self.at = at
        self.omitted = omitted
    }
}
