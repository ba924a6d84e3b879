package import Logging
import NIOConcurrencyHelpers
package import ReeveEngine
import ReeveLaunch
import ReeveProcess
package import ReeveProtocol
package import ReeveStore

/// Keeps the services that the store holds: each is a manifold of an engine of its own, with as inputs only the services
/// that it requires.
///
/// It may be stopped and started again at any time: the processes are not its own, and it takes over again what it
/// finds. Only ``end(within:)`` ends them. The store may be away: what became of the services is recorded when it is
/// back.
package final class Services: Sendable {
    struct State {
        /// Changed by the task that carries plans out, and by no other.
        var installed: [String: ServicePlan.Installed] = [:]
        /// Those that the engine keeps, and whether they are being removed from it. Changed alike.
        var milestones: [Milestone: Bool] = [:]
        /// What has left the engine since the last plan.
        var left: [Leaver] = []
        var agentID: String?
    }

    enum Leaver: Sendable {
        case service(String)
        case milestone(Milestone)
    }

    let custody: ServiceCustody
    let store: Live<Store>
    let launcher: ServiceLauncher
    let prober: Prober
    let clock: any Clock<Duration>
    let elapsed: @Sendable () -> Duration
    let wallClock: any WallClock
    let logger: Logger
    let conditions = Conditions()
    let release = StopSignal()
    let engine: Engine
    let state = NIOLockedValueBox(State())
    private let recorder: ServiceRecorder
    /// Raised when the plan has to be made again though the store says nothing new.
    private let replan = Wakeup()
    /// What is done to see services off.
    private let (leaving, leavingSender) = AsyncStream.makeStream(of: (@Sendable () async -> Void).self)

    /// - Parameter store: May be away at first, too.
    package init(
        custody: ServiceCustody,
        store: Live<Store>,
        launcher: ServiceLauncher,
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        logger: Logger
    ) throws {
        self.custody = custody
        self.store = store
        self.launcher = launcher
        self.clock = clock
        self.wallClock = wallClock
        self.logger = logger
        prober = Prober(clock: clock)
        recorder = ServiceRecorder(custody: custody, store: store, clock: clock, logger: logger)
        elapsed = clock.stopwatch()
        var configuration = EngineConfiguration()
        // A start only executes a program, or waits for as long as it takes for a service to be ready.
        configuration.startLimit = nil
        engine = try Engine(
            configuration: configuration,
            clock: clock,
            wallTime: { wallClock.now.milliseconds },
            logger: logger,
            onTransition: { [custody, conditions] transition in
                let name = transition.manifold
                // Milestones have no ledger, and are passed over.
                custody.change(name) { $0.engineSays(transition, at: wallClock.now) }
                guard let state = custody.standing(of: name), state.status.isAtRest else { return }
                conditions.change(name) { $0.end(as: state) }
            }
        )
    }

    /// Works until asked to stop, or until ``end(within:)`` is done. No process ends by a stop.
    package func run(_ signal: StopSignal) async throws {
        for (name, state) in custody.restingStates { conditions.change(name) { $0.end(as: state) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.recorder.run() }
            group.addTask { await self.followStore() }
            group.addTask { await self.seeOff() }
            group.addTask { [release, engine] in
                await signal.requested()
                // The group's end comes this way too: then there is nothing to let go of any more.
                guard signal.isRequested else { return }
                release.request()
                engine.shutdown()
            }
            let left = try await engine.run()
            if !left.isEmpty {
                logger.warning("services did not end in time", metadata: ["services": "\(left.sorted())"])
            }
            group.cancelAll()
        }
        await prober.shutDown()
        await recorder.flush()
    }

    /// Ends every service, those that require others first, and waits until that is done, at most for this long; what is
    /// left then is killed.
    package func end(within limit: Duration) async {
        custody.beginEnding()
        engine.shutdown(within: limit)
        await withDiscardingTaskGroup { group in
            // Those that the engine does not keep, for a bounce of this part came between: nobody requires them.
            for name in running where state.withLockedValue({ $0.installed[name]?.isLeaving ?? true }) {
                let grace = (definition(ofProcess: name).stop ?? StopDefinition()).effectiveGrace.duration
                group.addTask { await self.endAlone(name, grace: min(grace, limit)) }
            }
            // Whoever has not stopped by then is named where the engine's end is heard of.
            try? await engine.stopped(state.withLockedValue { Set($0.installed.keys) })
        }
        for name in running { await endAlone(name, grace: .zero) }
        custody.close(at: wallClock.now)
        await recorder.flush()
    }

    /// The services of which a process runs.
    private var running: [String] {
        launcher.processes.records.filter { $0.end == nil }.compactMap { ServiceLauncher.service(of: $0.key) }.sorted()
    }

    private func definition(ofProcess name: String) -> ServiceDefinition {
        custody.launch(of: name)?.definition ?? ServiceDefinition(name: name)
    }

    private func endAlone(_ name: String, grace: Duration) async {
        guard let exit = await launcher.end(definition(ofProcess: name), grace: grace, clock: clock) else { return }
        let cause = ServiceStopCause.agentStopped
        let end = ServiceEnd(.told, cause: cause.word, reason: cause.text, exit: exit)
        custody.change(name) { $0.ended(end, at: wallClock.now) }
    }

    /// Why what becomes of services is not recorded now; what the store says of them may be old then.
    package var recordingTrouble: String? { custody.recordingTrouble }

    package func report() async -> ReportValue {
        await engine.report().value
    }

    // MARK: The store's word

    private func followStore() async {
        var known: Store?
        while let store = try? await store.present(otherThan: known) {
            known = store
            state.withLockedValue { $0.agentID = store.agentID }
            await sweep(store.agentID)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [replan] in
                    for await _ in store.signals.changes(.services) { replan.set() }
                }
                group.addTask { [replan] in
                    while true {
                        await replan.wait()
                        guard !Task.isCancelled, await self.reconcile(with: store) else { return }
                    }
                }
                // Either ends when this store is closed.
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// Ends what agents before this one have left of services: exactly what carries this agent's mark. Nothing of this
    /// one's own does yet.
    private func sweep(_ agentID: String) async {
        guard custody.beginSweep() else { return }
        let survivors = await launcher.processes.kill(leftovers: launcher.leftovers(agentID: agentID))
        guard !survivors.isEmpty else { return }
        logger.warning(
            "processes of services survived SIGKILL",
            metadata: ["process.pids": "\(survivors.map(\.description).joined(separator: ", "))"]
        )
    }

    /// Makes the engine what the store says. Whether there is still a store.
    private func reconcile(with store: Store) async -> Bool {
        guard !custody.isEnding else { return true }
        var services: [StoredService]
        do {
            services = try await store.read { try $0.services(includingRemoved: true) }
        } catch let error as StoreError where error.code == .closed {
            return false
        } catch is CancellationError {
            return false
        } catch {
            logger.error("the services cannot be read, and stay as they are", metadata: ["reason": "\(error)"])
            guard (try? await clock.sleep(for: .seconds(5))) != nil else { return false }
            replan.set()
            return true
        }
        takeLeavers()
        let installed = state.withLockedValue { $0.installed }
        for service in services {
            custody.seed(service)
            // What ended while this part was bounced is not the engine's to tell any more.
            guard installed[service.name] == nil, !isRunning(service.name) else { continue }
            custody.change(service.name, isUrgent: false) { $0.hasLeft(at: wallClock.now) }
        }
        custody.wake()
        for index in services.indices {
            // What is not recorded yet counts.
            services[index].state = custody.standing(of: services[index].name) ?? services[index].state
        }
        carryOut(ServicePlan(installed: installed, stored: services, running: running(services)).actions)
        removeUnusedMilestones()
        return true
    }

    private func running(_ services: [StoredService]) -> [String: ServiceDefinition] {
        var running: [String: ServiceDefinition] = [:]
        for service in services where isRunning(service.name) {
            running[service.name] = custody.launch(of: service.name)?.definition ?? service.definition
        }
        return running
    }

    /// A process of it is known, also one that has ended and was not heard of yet.
    func isRunning(_ name: String) -> Bool {
        launcher.processes.record(ServiceLauncher.key(name)) != nil
    }

    // MARK: Leaving

    /// Something is to be done that nobody has asked for.
    func planAgain() {
        replan.set()
    }

    /// Does this until it is done or the part ends, and makes the plan again: until then nothing else is done to it.
    func seeOff(_ leaver: Leaver, _ body: @escaping @Sendable () async -> Bool) {
        leavingSender.yield { [state, replan] in
            guard await body() else { return }
            state.withLockedValue { $0.left.append(leaver) }
            replan.set()
        }
    }

    private func seeOff() async {
        await withDiscardingTaskGroup { group in
            for await leave in leaving { group.addTask { await leave() } }
            group.cancelAll()
        }
    }

    private func takeLeavers() {
        let left = state.withLockedValue { state in
            defer { state.left = [] }
            return state.left
        }
        for leaver in left {
            switch leaver {
            case .service(let name):
                conditions.forget(name)
                custody.change(name) { $0.hasLeft(at: wallClock.now) }
                custody.dropCause(of: name)
                state.withLockedValue { $0.installed[name] = nil }
            case .milestone(let milestone): state.withLockedValue { $0.milestones[milestone] = nil }
            }
        }
    }
}
