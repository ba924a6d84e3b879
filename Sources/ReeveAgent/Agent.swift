package import Logging
import NIOPosix
package import ReeveEngine
import ReeveLaunch
package import ReeveProcess
package import ReeveProtocol
import ReeveRunner
import ReeveScheduler
import ReeveStore
import ReeveSubmitter

/// One running agent: its parts in the engine, and the order in which it begins and ends.
///
/// It knows nothing of systemd: its owner hands it sockets that listen, and is told how things stand.
package final class Agent: Sendable {
    /// What an owner gives an agent.
    package struct Environment: Sendable {
        /// What it begins with.
        package var configuration: Configuration
        /// Where to read that again; `nil`: nowhere.
        package var configurationSource: ConfigurationSource?
        package var sockets: [ListeningSocket]
        package var time: HostTime
        package var clock: any Clock<Duration>
        package var wallClock: any WallClock
        package var logger: Logger
        /// `$CREDENTIALS_DIRECTORY`, if it is set.
        package var credentialsDirectory: String?
        var secrets: SecretReader { SecretReader(credentialsDirectory: credentialsDirectory) }
        /// The agent's own user.
        package var uid: UInt32
        /// Where its processes get cgroups of their own.
        package var cgroups: CgroupTree
        /// Who runs processes that are to outlive the agent; `nil`: nobody does on this host.
        package var units: UnitHost?
        package var startedAt: Timestamp

        package init(
            configuration: Configuration,
            sockets: [ListeningSocket],
            time: HostTime,
            clock: any Clock<Duration>,
            wallClock: any WallClock,
            logger: Logger,
            credentialsDirectory: String?,
            uid: UInt32,
            cgroups: CgroupTree = CgroupTree(without: "none was asked for"),
            units: UnitHost? = nil,
            configurationSource: ConfigurationSource? = nil
        ) {
            self.configuration = configuration
            self.configurationSource = configurationSource
            self.sockets = sockets
            self.time = time
            self.clock = clock
            self.wallClock = wallClock
            self.logger = logger
            self.credentialsDirectory = credentialsDirectory
            self.uid = uid
            self.cgroups = cgroups
            self.units = units
            startedAt = wallClock.now
        }
    }

    package let engine: Engine
    package let readiness = Readiness()
    private let environment: Environment
    let lifecycle: Lifecycle
    private let (changes, changesSender) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let live: LiveConfiguration
    private let reloader: Reloader
    let manifolds: Manifolds

    /// Throws what is wrong with the composition; nothing runs yet.
    package init(_ environment: Environment) throws {
        self.environment = environment
        var configuration = EngineConfiguration()
        configuration.backoff.maximum = .seconds(30)
        let wallClock = environment.wallClock
        engine = try Engine(
            configuration: configuration,
            clock: environment.clock,
            wallTime: { wallClock.now.milliseconds },
            logger: environment.logger,
            onTransition: { [changesSender] _ in changesSender.yield() }
        )
        live = LiveConfiguration(environment.configuration)
        if let taken = environment.configurationSource?.taken { live.follow(taken) }
        lifecycle = Lifecycle(environment: environment, live: live)
        reloader = Reloader(
            live: live,
            source: environment.configurationSource,
            engine: engine,
            logger: environment.logger,
            folders: Wakeup()
        )
        manifolds = Manifolds(
            environment: environment,
            live: live,
            engine: engine,
            readiness: readiness,
            lifecycle: lifecycle,
            reloader: reloader
        )
        try engine.install(manifolds.all)
    }

    /// Runs until ``stop()`` has been called and all has ended.
    ///
    /// - Parameter onChange: Called with the engine's report whenever a part has come or gone, or what ``summary()`` says may
    ///   have changed.
    package func run(onChange: @escaping @Sendable (EngineReport) async -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [engine, changes] in
                for await _ in changes { await onChange(engine.snapshot()) }
            }
            group.addTask { [lifecycle, changesSender] in await lifecycle.followStore { changesSender.yield() } }
            let left = try await engine.run()
            if !left.isEmpty {
                environment.logger.warning("parts did not end in time", metadata: ["parts": "\(left)"])
            }
            group.cancelAll()
        }
    }

    /// How things stand, in a line for people: what a service manager shows.
    package func summary() async -> String {
        await lifecycle.summary()
    }

    /// Returns when the engine's loop has come round, with how the agent is. Throws when the engine has ended.
    ///
    /// A slow disk degrades the agent and is no reason to start it anew, which would only make more writes. A writer that
    /// does not come to its work is one.
    package func signOfLife() async throws -> Watchdog.Sign {
        try await engine.answered()
        guard let activity = lifecycle.store?.writerActivity, activity.isStuck else { return .alive }
        return .stuck(activity.trouble ?? "the store's writer is stuck")
    }

    /// Takes over a configuration that has changed, and looks at the drop-in folders; what comes of it is logged.
    package func reload(by: String) async {
        do {
            let changes = try await reloader.reload(lifecycle.store, by: by).changes
            if changes.isEmpty { environment.logger.notice("the configuration has not changed") }
        } catch {
            environment.logger.error("\(error)")
        }
    }

    /// How long ``stop(flushTime:)`` may take at most, by what the configuration allows runs and then services.
    package var longestStop: Duration {
        live.current.stopTimeout.duration * 2 + .seconds(60)
    }

    /// Ends the agent in order: no new clients, no new runs, runs asked to end, changes delivered as far as the time
    /// allows, the store closed.
    ///
    /// - Parameter flushTime: how long undelivered changes are still sent.
    package func stop(flushTime: Duration = .seconds(5)) async {
        readiness.stop()
        await lifecycle.stop(engine: engine, flushTime: flushTime)
    }
}
