/// One execution of a task, as it stands now.
package struct Run: Sendable, Hashable, Codable {
    /// A UUIDv7.
    package var id: String
    package var task: String
    /// Counts the task's runs from 1, over all its revisions.
    package var number: Int
    package var revision: Int
    package var trigger: Trigger
    /// Who asked for it, where a person or program did: `uid:1000`.
    package var by: String?
    /// The slot's nominal time; absent for a run by hand.
    package var due: Timestamp?
    package var status: RunStatus
    /// Set when the run has stopped, and only then.
    package var outcome: Outcome?
    /// A stable word for why it ended so: `exit`, `signal`, `timeout`, `requested`, `agentCrashed`, ….
    package var cause: String?
    /// The same for people.
    package var reason: String?
    /// Counts the tries of the slot from 1.
    package var attempt: Int
    /// The run of which this is another try.
    package var retryOf: String?
    /// It does not begin before this.
    package var notBefore: Timestamp?
    /// It is missed if it has not begun by then.
    package var notAfter: Timestamp?
    /// When another try begins; in a run that has stopped.
    package var willRetry: Timestamp?
    package var covers: Covers?
    package var createdAt: Timestamp
    package var startedAt: Timestamp?
    package var stoppedAt: Timestamp?
    package var steps: [RunStep]
    /// What is known of the steps' health, of those that have a probe.
    package var probes: [RunProbe]?
    /// Files that are put in place before the steps, once the run has begun.
    package var attachments: [RunAttachment]?
    /// What replaces parts of the task for this run alone.
    package var overrides: RunOverrides?
    /// When a stop was asked for, and by whom.
    package var stopRequest: StopRequest?
    /// How it became processes; set when it has begun.
    package var runner: RunnerKind?
    /// How the task's run before this one ended; in a run that has stopped.
    package var previousOutcome: Outcome?

    package init(id: String, task: String, number: Int, revision: Int, trigger: Trigger, createdAt: Timestamp) {
        self.id = id
        self.task = task
        self.number = number
        self.revision = revision
        self.trigger = trigger
        self.createdAt = createdAt
        status = .pending
        attempt = 1
        steps = []
    }

    /// `backup/7`
    package var shortName: String { "\(task)/\(number)" }

    /// Bytes of output that are kept of it, of all tries of its steps.
    package var keptOutput: Int {
        steps.flatMap { [$0.output, $0.earlierOutput] }.compactMap(\.self).reduce(0) {
            $0 + max(0, $1.bytes - $1.dropped)
        }
    }

    /// It is another try that the agent made by itself: it stands back where the slot is over or the task is paused.
    package var isAutomaticRetry: Bool { trigger == .retry && by == nil }

    /// It is another try, whose time has not come: it is in nobody's way.
    package func isLater(than now: Timestamp) -> Bool {
        status == .pending && notBefore.map { now < $0 } ?? false
    }
}

/// One process of a run, as it stands now.
package struct RunStep: Sendable, Hashable, Codable {
    package var name: String
    package var status: RunStatus
    package var outcome: Outcome?
    package var cause: String?
    package var reason: String?
    /// Counts its tries in this run from 1: what is said here is of the last of them.
    package var attempt: Int
    /// When that begins, of one that waits for its time.
    package var notBefore: Timestamp?
    package var exitCode: Int?
    package var signal: Int?
    /// Set if the signal made the kernel write a core file.
    package var coreDumped: Bool?
    package var pid: Int?
    package var startedAt: Timestamp?
    package var readyAt: Timestamp?
    /// When it was told to end.
    package var stoppingAt: Timestamp?
    package var stoppedAt: Timestamp?
    package var output: OutputSummary?
    /// Of its tries before this one.
    package var earlierOutput: OutputSummary?
    package var usage: Usage?
    /// Those of its limits that the agent could not enforce: `memory`, `cpu`, `tasks`. Absent if there are none.
    package var notEnforced: [String]?

    package init(name: String) {
        self.name = name
        status = .pending
        attempt = 1
    }
}

package struct OutputSummary: Sendable, Hashable, Codable {
    /// How much the step wrote, of which `dropped` was not kept.
    package var bytes: Int
    package var dropped: Int
    /// Why what came last could not be kept, for people: a full disk, a quota; absent if it could.
    package var trouble: String?

    package init(bytes: Int, dropped: Int, trouble: String? = nil) {
        self.bytes = bytes
        self.dropped = dropped
        self.trouble = trouble
    }
}

/// What a step used: with all that it started, as far as a cgroup of its own counted that; else its process and those it
/// waited for.
package struct Usage: Sendable, Hashable, Codable {
    package var userTime: Interval
    package var systemTime: Interval
    /// The largest resident set, in bytes; absent if it was too small to be told from the agent's own.
    package var maximumResident: Int?
    /// The most memory that all of it had at once, in bytes, with what the kernel kept for it; only where a cgroup counts.
    package var peakMemory: Int?
    /// Bytes read from and written to disks.
    package var bytesRead: Int?
    package var bytesWritten: Int?

    package init(
        userTime: Interval,
        systemTime: Interval,
        maximumResident: Int?,
        peakMemory: Int? = nil,
        bytesRead: Int? = nil,
        bytesWritten: Int? = nil
    ) {
        self.userTime = userTime
        self.systemTime = systemTime
        self.maximumResident = maximumResident
        self.peakMemory = peakMemory
        self.bytesRead = bytesRead
        self.bytesWritten = bytesWritten
    }
}

/// The slots that one record stands for, when many were missed or skipped at once.
package struct Covers: Sendable, Hashable, Codable {
    package var count: Int
    package var from: Timestamp
    package var to: Timestamp

    package init(count: Int, from: Timestamp, to: Timestamp) {
        self.count = count
        self.from = from
        self.to = to
    }
}

package struct StopRequest: Sendable, Hashable, Codable {
    package var at: Timestamp
    package var by: String
    package var reason: String?
    /// What its processes are sent first, in the place of what their task says: a name of ``StopDefinition/signals``.
    package var signal: String?
    /// When what still runs is killed, in the place of the grace that the task says.
    package var killAt: Timestamp?
    /// When it was last made stronger.
    package var renewedAt: Timestamp?

    package init(
        at: Timestamp,
        by: String,
        reason: String? = nil,
        signal: String? = nil,
        killAt: Timestamp? = nil
    ) {
        self.at = at
        self.by = by
        self.reason = reason
        self.signal = signal
        self.killAt = killAt
    }

    /// The same with what a later one adds to it: another signal, an earlier kill. Who asked first has ended the run.
    package func renewed(by later: StopRequest) -> StopRequest {
        guard later.signal != nil || later.killAt != nil else { return self }
        var renewed = self
        renewed.signal = later.signal ?? signal
        renewed.killAt = [killAt, later.killAt].compactMap(\.self).min()
        renewed.renewedAt = later.at
        return renewed
    }
}

package struct RunOverrides: Sendable, Hashable, Codable {
    package var command: [String]?
    package var environment: [String: ConfiguredValue]?
    package var input: String?
    package var parameters: [String: String]?

    package init(
        command: [String]? = nil,
        environment: [String: ConfiguredValue]? = nil,
        input: String? = nil,
        parameters: [String: String]? = nil
    ) {
        self.command = command
        self.environment = environment
        self.input = input
        self.parameters = parameters
    }
}

/// How far a run or a step is; it never goes back.
package enum RunStatus: String, WireWord, Comparable {
    case pending, preparing, running, stopping, stopped

    private var rank: Int {
        switch self {
        case .pending: 0
        case .preparing: 1
        case .running: 2
        case .stopping: 3
        case .stopped: 4
        }
    }

    package static func < (left: RunStatus, right: RunStatus) -> Bool {
        left.rank < right.rank
    }
}

/// How a run or a step ended, or why it never began.
package enum Outcome: String, WireWord {
    case succeeded, failed, timedOut, canceled
    /// The agent or the host went down under it.
    case lost
    /// Another run of the task was in the way, or the task was paused.
    case skipped
    /// Its time passed while nobody could start it.
    case missed
    /// Refused.
    case invalid
}

/// Why a run was started.
package enum Trigger: String, WireWord {
    case schedule, manual, boot, catchUp, retry
}
