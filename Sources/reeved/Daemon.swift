import Glibc
import Logging
import ReeveAgent
import ReeveEngine
import ReeveProcess
import ReeveProtocol
import ReeveScheduler
import ReeveStore
import ReeveUnits
import ReeveWorkers
import Systemd

/// The agent as a daemon: with sockets, signals, and a word to systemd.
struct Daemon {
    let arguments: Arguments
    /// What systemd passed, taken before there were other threads.
    let passed: [PassedDescriptor]
    let signals: AsyncStream<Int32>
    let clock: SteadyClock

    /// Runs until a signal ends it. What it throws is for the operator to read.
    func run() async throws {
        let places = Places()
        let settings = try Settings(arguments, places)
        guard let wallClock = SystemClock() else { throw StartFailure("there are no descriptors or threads left") }
        let level = LogLevel(settings.configuration)
        let logger = Logging.logger(settings.configuration, level: level, clock: wallClock)
        let lock = try StoreLock.take(directory: settings.configuration.stateDirectory)
        let cgroups = CgroupTree(
            CgroupDelegation.find(),
            name: "reeve-" + Self.fileNumber(of: settings.configuration.stateDirectory)
        )
        defer { cgroups.close() }
        let sockets = try sockets(settings.configuration)
        defer { for socket in sockets { socket.remove() } }
        let isOfUser = geteuid() != 0
        let units = SystemdUnits.isThere(ofUser: isOfUser) ? try SystemdUnits(isOfUser: isOfUser) : nil
        defer { units?.close() }
        let agent = try Agent(
            Agent.Environment(
                configuration: settings.configuration,
                sockets: sockets,
                time: try Self.time(places, settings.configuration),
                clock: clock,
                wallClock: wallClock,
                logger: logger,
                credentialsDirectory: places["CREDENTIALS_DIRECTORY"],
                uid: geteuid(),
                cgroups: cgroups,
                units: units.map {
                    UnitHost(manager: $0, keeper: KeptDescriptors(kept, notifier: Notifier(), logger: logger))
                },
                configurationSource: ConfigurationSource(
                    read: { [arguments] in
                        let settings = try Settings(arguments, places, isReload: true)
                        // A zone that cannot be used is found here, though it counts only after a start.
                        _ = try Self.time(places, settings.configuration)
                        return (settings.configuration, settings.file)
                    },
                    taken: level.take
                )
            )
        )
        logger.notice(
            "reeved \(Identity.version) starts",
            metadata: [
                "state.directory": "\(settings.configuration.stateDirectory)",
                "sockets": "\(sockets.compactMap(\.path).joined(separator: " "))",
                "configuration": "\(settings.file ?? "defaults")",
            ]
        )
        try await run(agent, logger: logger)
        logger.notice("reeved has ended")
        withExtendedLifetime(lock) {}
    }

    /// What tells a folder from all others on the host, also from those of other mount namespaces.
    private static func fileNumber(of folder: String) -> String {
        var status = stat()
        stat(folder, &status)
        return String(status.st_dev, radix: 16) + "-" + String(status.st_ino, radix: 16)
    }

    private func run(_ agent: Agent, logger: Logger) async throws {
        let notifier = Notifier()
        let status = StatusReporter(agent: agent, notifier: notifier, logger: logger)
        let interval = try notifier.watchdogInterval
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let interval {
                let watchdog = Watchdog(
                    interval: interval,
                    clock: clock,
                    logger: logger,
                    look: agent.signOfLife,
                    pat: { try notifier.tell(.watchdog) }
                )
                group.addTask { try await watchdog.run() }
            }
            group.addTask { await stopOnSignal(agent, notifier, logger) }
            // The agent's end is the daemon's; the others have nothing to do without it.
            try await agent.run(onChange: status.changed)
            group.cancelAll()
        }
    }

    private func stopOnSignal(_ agent: Agent, _ notifier: Notifier, _ logger: Logger) async {
        for await signal in signals {
            guard signal != SIGHUP else {
                await agent.reload(by: "SIGHUP")
                continue
            }
            logger.notice("asked to end", metadata: ["signal": "\(signal)"])
            // A manager that does not listen any more changes nothing of what is to be done.
            _ = try? notifier.tell(
                .stopping,
                .status("ending runs and delivering what is left"),
                .extendTimeout(agent.longestStop)
            )
            await agent.stop()
            return
        }
    }

    private func check(_ passed: PassedDescriptor) throws {
        let name = passed.name ?? "a descriptor"
        guard passed.isListeningStream else {
            throw StartFailure("systemd passed \(name), which is no listening stream socket")
        }
        // A name would grant a role to all who can open the socket: one that is not understood must not pass for none.
        guard passed.name == nil || name.hasSuffix(".socket") else {
            throw StartFailure(
                "systemd passed a socket with FileDescriptorName=\(name), which this version does not know; "
                    + "leave the name out of the socket unit"
            )
        }
    }

    /// What an agent before this one has left with systemd.
    private var kept: [PassedDescriptor] {
        passed.filter { $0.name?.hasPrefix(UnitIdentity.prefix) == true }
    }

    /// Those that systemd passes; only where it passes none, our own.
    private func sockets(_ configuration: Configuration) throws -> [ListeningSocket] {
        let sockets = passed.filter { !kept.contains($0) }
        guard sockets.isEmpty else {
            for descriptor in sockets { try check(descriptor) }
            return sockets.map { ListeningSocket(passed: $0.number) }
        }
        return try configuration.sockets.map { try ListeningSocket($0) }
    }

    static func time(_ places: Places, _ configuration: Configuration) throws -> HostTime {
        do {
            return try HostTime(
                environmentTZ: places["TZ"],
                directory: places["TZDIR"],
                configured: configuration.timeZone,
                host: configuration.name
            )
        } catch {
            throw StartFailure("the time zone cannot be used: \(error)")
        }
    }
}

/// Why the daemon could not begin.
struct StartFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
