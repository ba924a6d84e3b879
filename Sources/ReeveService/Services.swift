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
        var installed: [String: ServicePlan.Installed] = [:]
        var milestones: Set<Milestone> = []
        var agentID: String?
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
        elapsed = Self.stopwatch(clock)
        var configuration = EngineConfiguration()
        // A start only executes a program, or waits for as long as it takes for a service to be ready.
        configuration.startLimit = nil
        engine = try Engine(
            configuration: configuration,
            clock: clock,
            wallTime: { wallClock.now.milliseconds },
            logger: logger,
            onTransition: { [custody, conditions] transition in
                // Those of milestones have no ledger, and are passed over.
                custody.change(transition.manifold) { $0.engineSays(transition, at: wallClock.now) }
                if transition.state == .failed {
                    conditions.change(transition.manifold) { $0.hasExited = true }
                }
            }
        )
    }

    private static func stopwatch(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    /// Works until asked to stop, or until ``end(within:)`` is done. No process ends by a stop.
    package func run(_ signal: StopSignal) async throws {
        conditions.restore(custody.restingStates)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.record() }
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
        await flush()
    }

    /// Ends every service, those that require others first, and waits until that is done, at most for this long; what is
    /// left then is killed.
    package func end(within limit: Duration) async {
        custody.beginEnding()
        let names = state.withLockedValue { Set($0.installed.keys) }
        engine.shutdown(within: limit)
        // Whoever has not stopped by then is named where the engine's end is heard of.
        try? await engine.stopped(names)
        for name in names.sorted() where launcher.processes.record(ServiceLauncher.key(name))?.end == nil {
            _ = await launcher.processes.kill(ServiceLauncher.key(name))
        }
        await flush()
    }

    package func report() async -> ReportValue {
        await engine.report().value
    }

    // MARK: The store's word

    private func followStore() async {
        while let store = try? await store.present() {
            state.withLockedValue { $0.agentID = store.agentID }
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
            guard !Task.isCancelled else { return }
            await awaitOtherStore(than: store)
        }
    }

    /// The handle still has a store that was just closed, for a moment.
    private func awaitOtherStore(than closed: Store) async {
        while let present = store.value, present === closed {
            guard (try? await clock.sleep(for: .milliseconds(10))) != nil else { return }
        }
    }

    /// Whether the store could be read.
    private func reconcile(with store: Store) async -> Bool {
        guard !custody.isEnding else { return true }
        let services: [StoredService]
        do {
            services = try await store.read { try $0.services(includingRemoved: true) }
        } catch {
            logger.debug("the services cannot be read", metadata: ["reason": "\(error)"])
            return false
        }
        for service in services {
            let isRunning = launcher.processes.record(ServiceLauncher.key(service.name)) != nil
            custody.seed(service, isRunning: isRunning, at: wallClock.now)
        }
        let installed = state.withLockedValue { $0.installed }
        let plan = ServicePlan(
            installed: installed,
            stored: services,
            running: running(services),
            givenUp: Set(custody.restingStates.filter { $0.value.status == .failed }.keys)
        )
        carryOut(plan.actions)
        return true
    }

    private func running(_ services: [StoredService]) -> [String: ServicePlan.Running] {
        var running: [String: ServicePlan.Running] = [:]
        for service in services where launcher.processes.record(ServiceLauncher.key(service.name)) != nil {
            running[service.name] = ServicePlan.Running(
                definition: custody.launchedDefinition(of: service.name) ?? service.definition,
                state: custody.standing(of: service.name) ?? service.state
            )
        }
        return running
    }

    // MARK: Recording

    private func record() async {
        for await _ in custody.wakeups() {
            guard !Task.isCancelled else { return }
            while await !flush() {
                // A full disk, or a store that is being opened anew: there is no signal for either.
                guard (try? await clock.sleep(for: .milliseconds(500))) != nil else { return }
            }
        }
    }

    /// Whether everything is recorded.
    @discardableResult
    private func flush() async -> Bool {
        let entries = custody.takeEntries()
        guard !entries.isEmpty else { return true }
        do {
            guard let store = store.value else { throw StoreError(.closed, "the store is away") }
            try await store.write { transaction in
                for entry in entries {
                    try transaction.recordService(entry.name, entry.state, entry.changes)
                    if entry.isGone { try transaction.forgetService(entry.name) }
                }
            }
            custody.recorded(entries)
            return true
        } catch {
            custody.failedToRecord(entries)
            return false
        }
    }

    // MARK: Leaving

    /// What was just installed may have something to be done yet.
    func planAgain() {
        replan.set()
    }

    /// Does this until it is done or the part ends, and makes the plan again: until then nothing else is done to it.
    func seeOff(_ name: String, _ body: @escaping @Sendable () async -> Bool) {
        leavingSender.yield { [self] in
            guard await body() else { return }
            hasLeft(name)
            replan.set()
        }
    }

    private func seeOff() async {
        await withDiscardingTaskGroup { group in
            for await leave in leaving { group.addTask { await leave() } }
            group.cancelAll()
        }
    }
}
