import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveLaunch
import ReeveProcess
import ReeveProtocol
import ReeveStore

/// A service that runs: that it does is all there is to have.
struct RunningService: Sendable {}

/// A state that is reached.
struct ReachedMilestone: Sendable {}

// What the engine is given for each service.
extension Services {
    private static func resource(_ service: String) -> Resource<RunningService> { Resource(service) }
    private static func resource(_ milestone: Milestone) -> Resource<ReachedMilestone> { Resource(milestone.name) }

    // MARK: A service

    func manifold(_ service: StoredService) -> Manifold {
        let (name, row) = (service.name, service.row)
        let inputs = (service.definition.requires ?? []).map { requirement -> Input in
            if let milestone = Milestone(requirement) { return .required(Self.resource(milestone)) }
            return .required(Self.resource(requirement.service ?? ""))
        }
        return Manifold(
            name,
            inputs: inputs,
            outputs: [Self.resource(name).declaration],
            limits: Self.limits(service.definition)
        ) { [self] _ in
            Started(try await start(name, row: row), outputs: [Self.resource(name).output(RunningService())])
        }
    }

    /// How long it may take to end, and when it is tried again.
    static func limits(_ definition: ServiceDefinition) -> ManifoldLimits {
        let restart = definition.restart ?? RestartDefinition()
        var limits = ManifoldLimits()
        // The worker sees to the end by itself, and kills after the grace: a process may have asked for up to a day.
        limits.stop = (definition.stop ?? StopDefinition()).effectiveGrace.duration + .seconds(25 * 3600)
        limits.backoff = BackoffPolicy(
            delay: (restart.delay ?? RestartDefinition.defaultDelay).duration,
            factor: restart.factor ?? RestartDefinition.defaultFactor,
            maximum: (restart.maximum ?? RestartDefinition.defaultMaximum).duration,
            resetAfter: (restart.reset ?? RestartDefinition.defaultReset).duration
        )
        if restart.policy == .never {
            limits.failures = FailureLimit(count: 1, window: .zero)
        } else if let count = restart.limit {
            let window = (restart.window ?? RestartDefinition.defaultWindow).duration
            limits.failures = FailureLimit(count: count, window: window)
        }
        return limits
    }

    /// Starts a process, or takes over the one that is there.
    private func start(_ name: String, row: Int64) async throws -> any Worker {
        // It is not installed any more only if it has just been removed; then it is told to stop next.
        guard let installed = state.withLockedValue({ $0.installed[name] }),
            let agentID = state.withLockedValue({ $0.agentID })
        else { throw Directive.missing("its definition") }
        let definition = installed.definition
        if hasCompleted(installed) {
            custody.change(name) { $0.hadCompleted() }
            return TaskWorker { _ in }
        }
        let context = context(agentID)
        let worker: @Sendable (ChildRecord, Bool) -> ServiceWorker = { record, isTakenOver in
            ServiceWorker(
                definition,
                record,
                isTakenOver: isTakenOver,
                context: context,
                present: { [weak self] in self?.definition(of: name) }
            )
        }
        let key = ServiceLauncher.key(name)
        if let record = launcher.processes.record(key) {
            return worker(record, true)
        }
        conditions.change(name) { $0 = Conditions.Standing() }
        try Task.checkCancellation()
        do {
            let record = try launcher.start(definition, row: row, agentID: agentID)
            custody.launched(
                ServiceCustody.Launch(
                    definition: definition,
                    request: installed.request,
                    logStart: record.output.position
                )
            )
            custody.change(name) { ledger in
                ledger.began(
                    pid: Int(record.pid),
                    notEnforced: record.unenforced.map(\.rawValue),
                    at: Timestamp(milliseconds: record.startedAt)
                )
            }
            return worker(record, false)
        } catch {
            let end = ServiceEnd(.failed, cause: error.cause, reason: error.reason, exit: nil)
            custody.change(name) { $0.ended(end, at: wallClock.now) }
            throw error
        }
    }

    /// It has done its work, and nobody has asked for it once more since.
    private func hasCompleted(_ installed: ServicePlan.Installed) -> Bool {
        guard let launch = custody.launch(of: installed.definition.name), launch.hasCompleted else { return false }
        return installed.lastStart <= launch.request && !installed.definition.needsNewProcess(after: launch.definition)
    }

    private func context(_ agentID: String) -> ServiceContext {
        ServiceContext(
            launcher: launcher,
            prober: prober,
            custody: custody,
            conditions: conditions,
            release: release,
            agentID: agentID,
            logger: logger,
            clock: clock,
            elapsed: elapsed,
            now: { [wallClock] in wallClock.now }
        )
    }

    func definition(of name: String) -> ServiceDefinition? {
        state.withLockedValue { $0.installed[name]?.definition }
    }

    // MARK: A milestone

    func manifold(_ milestone: Milestone) -> Manifold {
        let resource = Self.resource(milestone)
        return Manifold(milestone.name, inputs: inputs(of: milestone), outputs: [resource.declaration]) { [self] _ in
            Started(try await reach(milestone), outputs: [resource.output(ReachedMilestone())])
        }
    }

    /// Who has exited does not run: his being away must not take back that he has.
    private func inputs(of milestone: Milestone) -> [Input] {
        guard case .service(let name) = milestone.subject else { return [] }
        switch milestone.condition {
        case .started, .ready, .healthy: return [.required(Self.resource(name))]
        case .exited, .succeeded: return [.live(Self.resource(name))]
        }
    }

    /// Returns when it is reached; the worker ends when that is no longer so.
    private func reach(_ milestone: Milestone) async throws -> any Worker {
        switch milestone.subject {
        case .service(let name):
            await conditions.wait(for: milestone.condition, of: name)
            try Task.checkCancellation()
            return TaskWorker { [conditions] _ in
                await conditions.wait(for: milestone.condition, of: name, isMet: false)
                try Task.checkCancellation()
                throw Directive.bounce
            }
        case .task(let id):
            try await wait(untilTask: id) { [self] in $0 || isCounted(onTask: id) }
            // What the task does later does not touch a service that runs, only one that is to be started.
            return TaskWorker { [self] _ in
                try await wait(untilTask: id) { !$0 && !isCounted(onTask: id) }
                throw Directive.bounce
            }
        }
    }

    /// A process runs that was started when the task had succeeded.
    private func isCounted(onTask id: String) -> Bool {
        let dependents = state.withLockedValue { state in
            state.installed.values.filter { $0.definition.requires?.contains { $0.subject == .task(id) } ?? false }
        }
        return dependents.contains { custody.standing(of: $0.definition.name)?.status.isAlive ?? false }
    }

    /// - Parameter condition: Asked with whether the task's last run succeeded, again after each change of the journal.
    private func wait(untilTask id: String, _ condition: @Sendable (Bool) -> Bool) async throws {
        var store = try await self.store.present()
        while true {
            let head = store.head
            let outcome = try? await store.read { try $0.task(id)?.last?.outcome }
            if let outcome, condition(outcome == .succeeded) { return }
            await store.signals.waitForJournal(after: head)
            try Task.checkCancellation()
            // It is closed: the next one is waited for.
            if store.head == head { store = try await self.store.present(otherThan: store) }
        }
    }
}
