import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveLaunch
import ReeveProcess
import ReeveProtocol
import ReeveRunner
import ReeveScheduler
import ReeveService
import ReeveStore
import ReeveSubmitter

/// What an agent consists of, and what each part needs.
struct Manifolds: Sendable {
    let environment: Agent.Environment
    let live: LiveConfiguration
    let engine: Engine
    let readiness: Readiness
    let lifecycle: Lifecycle
    let custody = ServiceCustody()
    /// With the room for the output of all runs; it outlives a restart of the runner, as their spools do.
    let output: OutputKeeper
    let runCustody: RunCustody
    /// Made at the first start of the part that hands them out.
    let processTable = NIOLockedValueBox<Processes?>(nil)
    let reloader: Reloader

    init(
        environment: Agent.Environment,
        live: LiveConfiguration,
        engine: Engine,
        readiness: Readiness,
        lifecycle: Lifecycle,
        reloader: Reloader
    ) {
        self.environment = environment
        self.live = live
        self.engine = engine
        self.readiness = readiness
        self.lifecycle = lifecycle
        self.reloader = reloader
        let configuration = live.current
        output = OutputKeeper(
            directory: RunPaths(stateDirectory: configuration.stateDirectory).outputDirectory,
            limit: configuration.outputTotal.bytes,
            startedAt: environment.startedAt,
            logger: environment.logger
        )
        runCustody = RunCustody(outputPerRun: { live.current.outputPerRun.bytes }, within: output.budget)
        live.follow { [budget = output.budget] in budget.setLimit($0.outputTotal.bytes) }
    }

    var all: [Manifold] {
        [processes, zones, store, scheduler, runner, services, submitter, housekeeper]
            + (live.current.folders.isEmpty ? [] : [dropIns]) + [socket]
    }

    func taskChecker(_ time: HostTime) -> TaskChecker {
        let rules = TaskRules(live.current, hasUnits: environment.units != nil)
        return TaskChecker(time: time, commands: commandChecker, rules: rules)
    }

    var commandChecker: CommandChecker {
        CommandChecker(ownUser: environment.uid, cgroups: environment.cgroups.standing)
    }
    var paths: RunPaths { RunPaths(stateDirectory: live.current.stateDirectory) }

    /// Owns every child. It needs nothing and outlives all others, and what it knows outlives itself: no bounce ends a
    /// user's process, or forgets one.
    private var processes: Manifold {
        let (wallClock, clock) = (environment.wallClock, environment.clock)
        let (logger, cgroups) = (environment.logger, environment.cgroups)
        return Manifold("processes", outputs: [Part.processes.declaration]) { [processTable] _ in
            Processes.raiseDescriptorLimit()
            if !Processes.seesProcesses {
                logger.warning("/proc is not that of this PID namespace: what leaves a process's group is not found")
            }
            let processes = try processTable.withLockedValue { table in
                if let processes = table { return processes }
                let processes = try Processes(
                    now: { wallClock.now.milliseconds },
                    clock: clock,
                    cgroups: cgroups
                )
                try processes.adoptOrphans()
                table = processes
                return processes
            }
            let worker = TaskWorker(stopping: .signals) { signal in await signal.requested() }
            return Started(worker, outputs: [Part.processes.output(processes)])
        }
    }

    /// Bounces, and who hangs on it, when the zone files or the host's zone change.
    private var zones: Manifold {
        Manifold("zones", outputs: [Part.zones.declaration]) { [environment] _ in
            let (time, clock, logger) = (environment.time, environment.clock, environment.logger)
            // Before it is read: what changes meanwhile is seen, too.
            let known = time.fingerprint
            time.reload()
            let worker = TaskWorker(report: { .object(["host": .text(time.hostZone.name)]) }) { _ in
                try await time.change(from: known, clock: clock, logger: logger)
                throw Directive.bounce
            }
            return Started(worker, outputs: [Part.zones.output(time)])
        }
    }

    private var store: Manifold {
        Manifold("store", outputs: [Part.store.declaration]) { [engine, environment, live, lifecycle] _ in
            let store = try Store.open(
                directory: live.current.stateDirectory,
                clock: environment.wallClock,
                elapsed: engine.elapsed,
                logger: environment.logger
            )
            do {
                try await lifecycle.begin(with: store)
            } catch {
                await store.close()
                throw error
            }
            let worker = TaskWorker(stopping: .signals) { signal in
                let failure = await withTaskGroup(of: StoreError?.self) { group in
                    group.addTask { await store.waitUntilFailed() }
                    group.addTask {
                        await signal.requested()
                        return nil
                    }
                    defer { group.cancelAll() }
                    return await group.next() ?? nil
                }
                await store.close()
                if let failure { throw failure }
            }
            return Started(worker, outputs: [Part.store.output(store)])
        }
    }

    private var scheduler: Manifold {
        Manifold(
            "scheduler",
            inputs: [.required(Part.store), .required(Part.zones)],
            outputs: [Part.scheduler.declaration]
        ) { [environment, live] inputs in
            let (time, configuration) = (try inputs[Part.zones], live.current)
            let scheduler = Scheduler(
                store: try inputs[Part.store],
                zones: time.zones,
                hostZone: time.hostZone,
                host: time.host,
                defaults: Scheduler.Defaults(missed: configuration.missed, startBy: configuration.startBy),
                earliest: Identity.earliestTime,
                bootID: Identity.bootID,
                wallClock: environment.wallClock,
                logger: environment.logger
            )
            let worker = TaskWorker(report: { Self.report(scheduler) }) { _ in try await scheduler.run() }
            return Started(worker, outputs: [Part.scheduler.output(scheduler)])
        }
    }

    private static func report(_ scheduler: Scheduler) -> ReportValue {
        let report = scheduler.report
        var members: ReportMembers = [
            "started": .integer(Int64(report.started)), "passed": .integer(Int64(report.passed)),
        ]
        if let next = report.next { members.append("next", .text("\(next)")) }
        if report.isClockWrong { members.append("clock", .text("not set")) }
        return .object(members)
    }

    private var runner: Manifold {
        Manifold(
            "runner",
            // The submitter is there for the order of the end alone: it stops after what has changes to tell.
            inputs: [.required(Part.store), .required(Part.processes), .live(Part.submitter)],
            outputs: [Part.runner.declaration]
        ) { [environment, live, paths, runCustody] inputs in
            let configuration = live.current
            let runner = Runner(
                store: try inputs[Part.store],
                launcher: StepLauncher(
                    launcher: Self.launcher(try inputs[Part.processes], environment),
                    prober: Prober(clock: environment.clock),
                    attachments: AttachmentPlacer(folders: configuration.attachmentFolders),
                    paths: paths,
                    outputPerStep: configuration.outputPerStep.bytes,
                    custody: runCustody,
                    kind: configuration.runnerKind,
                    units: environment.units
                ),
                limits: configuration.runLimits,
                clock: environment.clock,
                wallClock: environment.wallClock,
                logger: environment.logger
            )
            let worker = TaskWorker(
                report: { .object(["runs": .integer(Int64(runner.livingCount))]) },
                { _ in try await runner.run() }
            )
            return Started(worker, outputs: [Part.runner.output(runner)])
        }
    }

    /// The store may be away: services go on, and what becomes of them is recorded when it is back. The submitter is there
    /// for the order of the end alone.
    private var services: Manifold {
        Manifold(
            "services",
            inputs: [.required(Part.processes), .live(Part.store), .live(Part.submitter)],
            outputs: [Part.services.declaration]
        ) { [environment, paths, custody] inputs in
            let services = try Services(
                custody: custody,
                store: try inputs.live(Part.store),
                launcher: ServiceLauncher(
                    launcher: Self.launcher(try inputs[Part.processes], environment),
                    files: ServiceFiles(stateDirectory: paths.stateDirectory)
                ),
                clock: environment.clock,
                wallClock: environment.wallClock,
                logger: environment.logger
            )
            let worker = TaskWorker(
                stopping: .signals,
                report: { await services.report() },
                { signal in try await services.run(signal) }
            )
            return Started(worker, outputs: [Part.services.output(services)])
        }
    }

    private static func launcher(_ processes: Processes, _ environment: Agent.Environment) -> CommandLauncher {
        CommandLauncher(processes: processes, secrets: environment.secrets)
    }

    private var submitter: Manifold {
        Manifold(
            "submitter",
            inputs: [.required(Part.store), .required(Part.processes)],
            outputs: [Part.submitter.declaration]
        ) { [environment, live, paths] inputs in
            let store = try inputs[Part.store]
            let submitter = Submitter(
                journal: store,
                configuration: Submitter.Configuration(
                    sender: EventSender(agent: live.current.name, version: Identity.version),
                    secrets: environment.secrets,
                    launcher: Self.launcher(try inputs[Part.processes], environment),
                    directory: "\(paths.stateDirectory)/deliveries",
                    tails: RunTails(store: store, paths: paths)
                ),
                transport: HTTPTransport(clock: environment.clock, wallClock: environment.wallClock),
                clock: environment.clock,
                wallClock: environment.wallClock,
                logger: environment.logger
            )
            return Started(TaskWorker { _ in try await submitter.run() }, outputs: [Part.submitter.output(submitter)])
        }
    }

    static let housekeeperName = "housekeeper"

    private var housekeeper: Manifold {
        Manifold(Self.housekeeperName, inputs: [.required(Part.store)]) { [environment, live, output] inputs in
            let (store, configuration) = (try inputs[Part.store], live.current)
            let keeper = StoreKeeper(
                store: store,
                space: configuration.space,
                retentionAge: configuration.retentionAge,
                agent: configuration.name,
                wallClock: environment.wallClock,
                logger: environment.logger
            )
            let housekeeper = Housekeeper(
                store: store,
                configuration: configuration,
                output: output,
                wallClock: environment.wallClock,
                logger: environment.logger
            )
            let worker = TaskWorker { _ in
                try await withThrowingTaskGroup { group in
                    group.addTask { try await housekeeper.run() }
                    group.addTask { try await keeper.run() }
                    defer { group.cancelAll() }
                    try await group.next()
                }
            }
            return Started(worker)
        }
    }

    /// What schedules in files mean hangs on the zones.
    private var dropIns: Manifold {
        let inputs: [Input] = [.required(Part.store), .required(Part.zones)]
        return Manifold("folders", inputs: inputs, outputs: [Part.dropIns.declaration]) {
            [self] inputs in
            let dropIns = DropIns(
                live.current.folders,
                checker: taskChecker(try inputs[Part.zones]),
                store: try inputs[Part.store],
                clock: environment.clock,
                elapsed: engine.elapsed,
                wallClock: environment.wallClock,
                reload: reloader.folders,
                logger: environment.logger
            )
            let worker = TaskWorker(report: { dropIns.report() }, { _ in try await dropIns.run() })
            return Started(worker, outputs: [Part.dropIns.output(dropIns)])
        }
    }
}
