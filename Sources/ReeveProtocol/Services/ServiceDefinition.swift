/// A long-running process that the agent keeps up, as it was put.
package struct ServiceDefinition: Sendable, Hashable, Codable {
    /// `[A-Za-z0-9._-]{1,64}`.
    package var name: String
    package var description: String?
    /// Either this or ``script``.
    package var command: [String]?
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
    /// What has to be before it is started. While it runs, the loss of a condition of another service stops it.
    package var requires: [RequirementDefinition]?
    /// When it is ready; as soon as its program is executed if absent.
    package var ready: ReadinessDefinition?
    /// Asks again and again whether it is healthy.
    package var probe: ProbeDefinition?
    /// It has to say `WATCHDOG=1` at least this often (sd_notify(3)), or is ended as failed.
    package var watchdog: Interval?
    package var restart: RestartDefinition?
    package var stop: StopDefinition?
    package var log: ServiceLogDefinition?
    package var labels: [String: String]?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, description, command, script, user, environment, workingDirectory, limits, groups, umask, nice
        case requires, ready, probe, watchdog, restart, stop, log, labels
    }

    package init(name: String, command: [String]? = nil) {
        self.name = name
        self.command = command
    }

    package var commandDefinition: CommandDefinition {
        CommandDefinition(
            command: command,
            script: script,
            user: user,
            environment: environment,
            workingDirectory: workingDirectory,
            limits: limits,
            groups: groups,
            umask: umask,
            nice: nice
        )
    }

    /// Whether the process has to be another one for this to hold: what is left out here takes effect while it runs.
    package func needsNewProcess(after old: ServiceDefinition) -> Bool {
        var (new, old) = (self, old)
        (new.description, old.description) = (nil, nil)
        (new.labels, old.labels) = (nil, nil)
        (new.restart, old.restart) = (nil, nil)
        (new.stop, old.stop) = (nil, nil)
        return new != old
    }
}

/// How much of a service's output is kept.
package struct ServiceLogDefinition: Sendable, Hashable, Codable {
    /// Of the log file, which turns round: the oldest goes first. 64 KiB to 16 GiB. With another size a new log begins.
    package var size: ByteSize?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case size
    }

    package init(size: ByteSize? = nil) {
        self.size = size
    }

    package static var defaultSize: ByteSize { .mebibytes(16) }
}
