/// How a service stands, as it was last recorded.
package struct ServiceState: Sendable, Hashable, Codable {
    package var status: ServiceStatus
    /// What its probe says; absent without a probe, and until it has said something.
    package var health: ServiceHealth?
    /// Of the process that runs.
    package var pid: Int?
    /// Processes started, over its whole life.
    package var starts: Int
    /// Failures in a row.
    package var failures: Int
    /// When the present or last process was started, was ready, and ended.
    package var startedAt: Timestamp?
    package var readyAt: Timestamp?
    package var stoppedAt: Timestamp?
    /// How the last process ended.
    package var exitCode: Int?
    package var signal: Int?
    /// Set if that made the kernel write a core file.
    package var coreDumped: Bool?
    /// Those of the limits that the present or last process does not have, as the agent could not enforce them: `memory`,
    /// `cpu`, `tasks`. Absent if there are none.
    package var notEnforced: [String]?
    /// A stable word for why it is not running, or why its last process ended: `exit`, `signal`, `outOfMemory`, `notFound`,
    /// `notReady`, `unhealthy`, `watchdog`, `requested`, `requirement`, `changed`, `removed`, `agentStopped`,
    /// `agentCrashed`, ….
    package var cause: String?
    /// The same for people.
    package var reason: String?
    /// When it is started again, if that is only a matter of time.
    package var nextTry: Timestamp?
    /// What the process said of itself (`STATUS=`, sd_notify(3)).
    package var text: String?
    /// The last request of a client that this state comes after.
    package var request: Int

    package init(status: ServiceStatus = .waiting) {
        self.status = status
        starts = 0
        failures = 0
        request = 0
    }

    /// Its process has ended, or could not be started: nothing of what was known of it holds any more.
    package mutating func lostProcess(
        cause: String,
        reason: String,
        exitCode: Int? = nil,
        signal: Int? = nil,
        coreDumped: Bool = false
    ) {
        pid = nil
        health = nil
        readyAt = nil
        text = nil
        self.cause = cause
        self.reason = reason
        self.exitCode = exitCode
        self.signal = signal
        self.coreDumped = coreDumped ? true : nil
    }

    /// Whether a process runs and is ready.
    package var isReady: Bool { status == .running }
}

package enum ServiceStatus: String, WireWord {
    /// Nothing runs: what it requires is not there, or its next try is due later.
    case waiting
    /// Its process runs and is not ready yet.
    case starting
    /// Its process runs and is ready.
    case running
    /// Its process was told to end.
    case stopping
    /// Stopped by hand, until it is started by hand.
    case stopped
    /// It ended by itself with success, and its policy does not start it again.
    case completed
    /// It failed and is not tried again before a person, or a requirement that changes, says so.
    case failed

    /// Nothing of it runs, and it is not about to.
    package var isAtRest: Bool {
        switch self {
        case .stopped, .completed, .failed: true
        case .waiting, .starting, .running, .stopping: false
        }
    }

    /// A process of it runs.
    package var isAlive: Bool {
        switch self {
        case .starting, .running, .stopping: true
        case .waiting, .stopped, .completed, .failed: false
        }
    }
}

package enum ServiceHealth: String, WireWord {
    case healthy, unhealthy
}

extension ServiceState {
    /// Whether a service in this state meets a condition; a service without a probe is healthy as soon as it is ready.
    package func meets(_ condition: RequirementCondition, hasProbe: Bool) -> Bool {
        switch condition {
        case .started: status == .starting || status == .running
        case .ready: status == .running
        case .healthy: status == .running && (hasProbe ? health == .healthy : true)
        case .exited: status == .completed || (status == .failed && stoppedAt != nil)
        case .succeeded: status == .completed
        }
    }
}
