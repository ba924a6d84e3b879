/// What to do and when, as it was put.
///
/// The fields of the contract that this version does not act on yet are read and then refused by name, by
/// ``problems()``: a task is never taken over only in part.
package struct TaskDefinition: Sendable, Hashable, Codable {
    /// `[A-Za-z0-9._-]{1,128}`.
    package var id: String
    /// Counts from 1. Absent in what a client puts: the agent numbers.
    package var revision: Int?
    /// Absent: only by hand.
    package var schedule: ScheduleDefinition?
    /// How long past its due time a slot may still start.
    package var startBy: Interval?
    /// How long a run may wait to begin, whatever it waits for, from when it might have begun.
    package var queueTimeout: Interval?
    package var missed: MissedPolicy?
    package var overlap: OverlapPolicy?
    /// Of what waits to begin the higher goes first; -100 to 100, 0 if absent.
    package var priority: Int?
    package var user: String?
    package var environment: [String: ConfiguredValue]?
    package var workingDirectory: String?
    package var limits: LimitsDefinition?
    package var groups: [String]?
    package var umask: FileMask?
    package var nice: Int?
    /// Services in a state that a run waits for before it begins.
    package var requires: [RequirementDefinition]?
    /// Either this, or one of ``command`` and ``script``.
    package var steps: [StepDefinition]?
    package var command: [String]?
    package var script: String?
    /// Of the whole run.
    package var timeout: Interval?
    /// Of the whole run.
    package var retry: TaskRetryDefinition?
    package var stop: StopDefinition?
    /// How its runs become processes; the configuration's if absent.
    package var runner: RunnerKind?
    /// Of the units of its steps, where the runner is systemd.
    package var unit: UnitDefinition?
    package var onAgentStop: AgentStopPolicy?
    package var onChange: ChangePolicy?
    /// With whose tasks it shares a limit of runs at once.
    package var group: String?
    package var labels: [String: String]?
    package var description: String?
    /// By name, `[A-Za-z0-9._-]{1,64}`.
    package var parameters: [String: ParameterDefinition]?
    package var attachments: [AttachmentDefinition]?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case id, revision, description, schedule, startBy, queueTimeout, missed, overlap, priority, user, environment
        case workingDirectory, limits, groups, umask, nice
        case requires, steps, command, script, timeout, retry, stop, runner, unit, onAgentStop, onChange, group, labels
        case parameters, attachments
    }

    package init(id: String, schedule: ScheduleDefinition? = nil, command: [String]? = nil) {
        self.id = id
        self.schedule = schedule
        self.command = command
    }
}

/// One process of a run.
package struct StepDefinition: Sendable, Hashable, Codable {
    /// `[A-Za-z0-9._-]{1,64}`, once in a task.
    package var name: String
    /// The program and its arguments, never through a shell.
    package var command: [String]?
    /// A text, run by its `#!` line, else by `/bin/sh -e`.
    package var script: String?
    package var user: String?
    package var environment: [String: ConfiguredValue]?
    package var workingDirectory: String?
    package var limits: LimitsDefinition?
    /// In the place of all but the first of its user's.
    package var groups: [String]?
    /// `0022` if absent.
    package var umask: FileMask?
    /// -20 (first) to 19 (last); the agent's if absent.
    package var nice: Int?
    package var timeout: Interval?
    package var stop: StopDefinition?
    /// `/dev/null` if absent.
    package var input: InputDefinition?
    /// In the place of its standard streams.
    package var terminal: TerminalDefinition?
    /// Other steps in a state that it waits for; without any it starts with the run.
    package var requires: [StepRequirement]?
    /// `true`: its end, however it ends, ends the run, whose outcome is the step's. `false`: the run succeeds though this
    /// step does not. Absent: the run goes on with what can still start, and fails if this step does.
    package var essential: Bool?
    /// When it is ready; absent: as soon as its process runs.
    package var ready: ReadinessDefinition?
    /// Whether it is healthy; absent: as soon as it is ready.
    package var probe: ProbeDefinition?
    package var retry: TaskRetryDefinition?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, command, script, user, environment, workingDirectory, limits, groups, umask, nice, timeout, stop
        case input, terminal, requires, essential, ready, probe, retry
    }

    package init(name: String, command: [String]? = nil) {
        self.name = name
        self.command = command
    }
}

/// How a process is asked to end: a signal, and how long until it is killed.
package struct StopDefinition: Sendable, Hashable, Codable {
    /// Without the prefix: `TERM`, `INT`, `USR1`.
    package var signal: String?
    package var grace: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case signal, grace
    }

    package init(signal: String? = nil, grace: Interval? = nil) {
        self.signal = signal
        self.grace = grace
    }

    package static var defaultGrace: Interval { .seconds(10) }

    package var effectiveGrace: Interval { grace ?? Self.defaultGrace }
}

/// What becomes of slots whose time passed while nobody could start them.
package enum MissedPolicy: Sendable, Hashable {
    case skip, once
    /// The newest of them, up to so many; `nil`: ``defaultMost``.
    case all(most: Int?)

    package static var defaultMost: Int { 100 }
    package static var all: MissedPolicy { .all(most: nil) }
}

/// What becomes of a slot while another run of its task lives.
package enum OverlapPolicy: Sendable, Hashable {
    case skip, queue, replace
    /// Both live, up to so many at once: one more is skipped; `nil`: without a bound.
    case allow(most: Int?)

    package static var allow: OverlapPolicy { .allow(most: nil) }

    /// How many runs of the task may live at once; `nil`: any number.
    package var most: Int? {
        if case .allow(let most) = self { most } else { 1 }
    }

    /// Which of the other runs that live are in the way of one more: none while fewer do than may.
    package func inTheWay(_ others: [Run]) -> [Run] {
        most.map { others.count >= $0 } ?? false ? others : []
    }

    /// One more than may live is skipped, and does not wait.
    package var isSkipping: Bool { self != .queue && self != .replace }
}

/// What becomes of a living run when the agent stops.
package enum AgentStopPolicy: String, WireWord {
    case survive, wait, stop
}

/// What becomes of a living run when its task is changed or removed.
package enum ChangePolicy: String, WireWord {
    case keep, stop
}

/// A field that the contract has and this version does not act on: whatever its value, it is refused by name.
package struct UnsupportedField: Sendable, Hashable, Codable {
    package init(from decoder: any Decoder) throws {}
    package func encode(to encoder: any Encoder) throws {}
}
