import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveLaunch
import ReeveProcess
import ReeveProtocol

/// What the workers of all services share.
struct ServiceContext: Sendable {
    let launcher: ServiceLauncher
    let prober: Prober
    let custody: ServiceCustody
    let conditions: Conditions
    /// Requested when all processes are to be let go.
    let release: StopSignal
    let agentID: String
    let logger: Logger
    let clock: any Clock<Duration>
    let elapsed: @Sendable () -> Duration
    let now: @Sendable () -> Timestamp
}

/// A service's process failed; how, is in the text.
struct ServiceFailure: Error, CustomStringConvertible {
    let description: String
}

/// One process of a service as a worker of the engine: does what its ``ServiceMachine`` says.
final class ServiceWorker: Worker {
    private enum Alarm: Sendable, Hashable {
        case machine(ServiceMachine.Timer)
        /// What was left out of the record is told.
        case settled
        /// What the process says of itself is recorded: it may say much.
        case text
    }

    private enum Input: Sendable {
        case happened(ServiceMachine.Event)
        case stopRequested
        /// Whoever comes after this worker takes the process over.
        case letGo
    }

    private let definition: ServiceDefinition
    private let context: ServiceContext
    private let record: ChildRecord
    /// The process was there before this worker.
    private let isTakenOver: Bool
    /// The definition as it was put last.
    private let present: @Sendable () -> ServiceDefinition?
    private let inputs: AsyncStream<Input>
    private let sender: AsyncStream<Input>.Continuation
    private let alarms = NIOLockedValueBox<[Alarm: Duration]>([:])

    init(
        _ definition: ServiceDefinition,
        _ record: ChildRecord,
        isTakenOver: Bool,
        context: ServiceContext,
        present: @escaping @Sendable () -> ServiceDefinition?
    ) {
        self.definition = definition
        self.record = record
        self.isTakenOver = isTakenOver
        self.context = context
        self.present = present
        (inputs, sender) = AsyncStream.makeStream()
    }

    private var name: String { definition.name }
    private var key: ProcessKey { record.key }
    private var processes: Processes { context.launcher.processes }

    func stop() {
        sender.yield(.stopRequested)
    }

    func report() async -> ReportValue? {
        let standing = context.conditions.standing(of: name)
        var members: ReportMembers = [
            "pid": .integer(Int64(known?.pid ?? Int(record.pid))), "ready": .boolean(standing.isReady),
        ]
        if definition.probe != nil { members.append("healthy", .boolean(standing.isHealthy)) }
        if let text = known?.text { members.append("status", .text(text)) }
        return .object(members)
    }

    /// Returns when the process has ended and nothing of it is left, or when it is only let go.
    func wait() async throws {
        guard let end = await run() else { return }
        context.conditions.change(name) { standing in
            standing.isReady = false
            standing.isHealthy = false
        }
        context.custody.change(name) { $0.ended(end, at: context.now()) }
        context.custody.dropCause(of: name)
        switch (end.kind, (present() ?? definition).restart?.policy ?? RestartDefinition.defaultPolicy) {
        case (.told, _): return
        case (.succeeded, .onFailure), (.succeeded, .never): context.custody.completed(name)
        case (.succeeded, .always), (.failed, _): throw ServiceFailure(description: end.reason)
        }
    }

    private func run() async -> ServiceEnd? {
        var machine = ServiceMachine(definition, isReady: isTakenOver && known?.status == .running)
        if isTakenOver, known?.health == .healthy { context.conditions.change(name) { $0.isHealthy = true } }
        return await withDiscardingTaskGroup { group -> ServiceEnd? in
            watch(machine, &group)
            defer { group.cancelAll() }
            for action in machine.begin(at: context.elapsed()) { _ = await perform(action, &group) }
            for await input in inputs {
                guard let event = event(input, &machine) else { return nil }
                for action in machine.handle(event, at: context.elapsed()) {
                    if let end = await perform(action, &group) { return end }
                }
            }
            // The task was cancelled: nobody waits any longer.
            return context.release.isRequested ? nil : await endAtOnce()
        }
    }

    private func endAtOnce() async -> ServiceEnd? {
        let exit = await Task {
            // In a task of its own, which nobody cancels.
            await context.launcher.end(definition, grace: .zero, clock: context.clock)
        }.value
        let cause = context.custody.stopCause(of: name)
        return exit.map { ServiceEnd(.told, cause: cause.word, reason: cause.text, exit: $0) }
    }

    private var known: ServiceState? { context.custody.standing(of: name) }

    /// `nil`: the process is let go.
    private func event(_ input: Input, _ machine: inout ServiceMachine) -> ServiceMachine.Event? {
        switch input {
        case .happened(let event): return event
        case .letGo: return nil
        case .stopRequested:
            // The end of the whole engine is no reason to end a process where all are let go.
            guard !context.release.isRequested else { return nil }
            machine.stop = (present() ?? definition).stop ?? StopDefinition()
            return .stopRequested(context.custody.stopCause(of: name))
        }
    }

    // MARK: What happens

    private func watch(_ machine: ServiceMachine, _ group: inout DiscardingTaskGroup) {
        group.addTask { [self] in
            guard let end = await processes.ended(key) else { return }
            sender.yield(.happened(.ended(ServiceExit(end))))
        }
        group.addTask { [self] in
            await context.release.requested()
            sender.yield(.letGo)
        }
        if definition.speaksNotify { group.addTask { [self] in await listen() } }
        if case .probe(let target) = definition.ready?.signal, !machine.isReady {
            group.addTask { [self] in await waitUntilReady(target) }
        }
        // What makes a next failure a first one is that it has run for long.
        arm(.settled, reset, &group)
    }

    private var reset: Duration {
        ((present() ?? definition).restart?.reset ?? RestartDefinition.defaultReset).duration
    }

    private func listen() async {
        var known = NotifyState()
        while let state = await processes.notices(key, beyond: known.version) {
            for event in NotifyNews.events(from: known, to: state) { sender.yield(.happened(event)) }
            known = state
            // It may have handed over to another process (`MAINPID=`).
            if let pid = processes.record(key)?.pid { context.custody.change(name) { $0.isNow(pid: Int(pid)) } }
        }
    }

    private func waitUntilReady(_ target: ProbeTarget) async {
        let interval = definition.ready?.interval ?? ReadinessDefinition.defaultInterval
        let isMet = await context.prober.waitUntilMet(
            target,
            of: subject,
            interval: interval.duration,
            timeout: ProbeDefinition.defaultTimeout.duration
        )
        if isMet { sender.yield(.happened(.wasSeenReady)) }
    }

    private func probe(_ probe: ProbeDefinition) async {
        await context.prober.watch(probe, of: subject, health: known?.health) { verdict in
            sender.yield(.happened(.health(verdict)))
        }
    }

    private var subject: Prober.Subject {
        let logStart = context.custody.launch(of: name)?.logStart ?? record.output.position
        return context.launcher.subject(definition, agentID: context.agentID, logStart: logStart)
    }

    // MARK: What is to be done

    /// Answers how it ended, when it has.
    private func perform(_ action: ServiceMachine.Action, _ group: inout DiscardingTaskGroup) async -> ServiceEnd? {
        switch action {
        case .arm(let timer, let delay): arm(.machine(timer), delay, &group)
        case .disarm(let timer): alarms.withLockedValue { $0[.machine(timer)] = nil }
        case .becameReady:
            becameReady()
            tellInTime(&group)
        case .isReloading:
            context.custody.change(name) { $0.lostReadiness("it is reloading", at: context.now()) }
            tellInTime(&group)
        case .lostReadiness(let reason):
            lostReadiness(reason)
            tellInTime(&group)
        case .became(let verdict):
            became(verdict)
            tellInTime(&group)
        case .said(let text):
            context.custody.change(name, isUrgent: false) { $0.said(text) }
            arm(.text, .seconds(1), &group, unlessArmed: true)
        case .beginProbing: if let probe = definition.probe { group.addTask { [self] in await self.probe(probe) } }
        case .stopping: context.custody.change(name) { $0.isStopping() }
        case .signal(let number): processes.signal(key, number)
        case .kill: await kill(&group)
        case .finish(let end):
            processes.forget(key)
            context.launcher.cleanUp(name)
            return end
        }
        return nil
    }

    /// What was left out of the record just now is told when nothing more has come for a while.
    private func tellInTime(_ group: inout DiscardingTaskGroup) {
        if context.custody.isHoldingBack(name) { arm(.settled, reset, &group) }
    }

    private func becameReady() {
        context.custody.change(name) { $0.becameReady(at: context.now()) }
        context.conditions.change(name) { standing in
            standing.isReady = true
            // Without a probe there is nobody else to say so.
            if definition.probe == nil { standing.isHealthy = true }
        }
    }

    private func lostReadiness(_ reason: String) {
        context.custody.change(name) { $0.lostReadiness(reason, at: context.now()) }
        context.conditions.change(name) { standing in
            standing.isReady = false
            if definition.probe == nil { standing.isHealthy = false }
        }
    }

    private func became(_ verdict: ProbeMachine.Verdict) {
        switch verdict {
        case .healthy:
            context.custody.change(name) { $0.became(.healthy, nil, at: context.now()) }
            context.conditions.change(name) { $0.isHealthy = true }
        case .unhealthy(let reason):
            context.custody.change(name) { $0.became(.unhealthy, reason, at: context.now()) }
            context.conditions.change(name) { $0.isHealthy = false }
        }
    }

    /// While the process lives its end is still to be heard of: that must not wait for this.
    private func kill(_ group: inout DiscardingTaskGroup) async {
        guard processes.record(key)?.end == nil else { return await killTree() }
        group.addTask { [self] in await killTree() }
    }

    private func killTree() async {
        let survivors = await processes.kill(key)
        guard !survivors.isEmpty, !Task.isCancelled else { return }
        context.logger.warning(
            "processes of a service survived SIGKILL",
            metadata: ["service": "\(name)", "process.pids": "\(survivors.map(\.description).joined(separator: ", "))"]
        )
    }

    /// A task for each alarm sleeps until what it is set to; set later meanwhile, it sleeps on, and set earlier, it is
    /// joined by another.
    private func arm(
        _ alarm: Alarm,
        _ delay: Duration,
        _ group: inout DiscardingTaskGroup,
        unlessArmed: Bool = false
    ) {
        let deadline = context.elapsed() + delay
        let isAwaited = alarms.withLockedValue { alarms in
            let before = alarms[alarm]
            if before != nil, unlessArmed { return true }
            alarms[alarm] = deadline
            return before.map { $0 <= deadline } ?? false
        }
        guard !isAwaited else { return }
        group.addTask { [self] in
            while let deadline = alarms.withLockedValue({ $0[alarm] }) {
                let left = deadline - context.elapsed()
                guard left > .zero else {
                    alarms.withLockedValue { $0[alarm] = nil }
                    return ring(alarm)
                }
                guard (try? await context.clock.sleep(for: left)) != nil else { return }
            }
        }
    }

    private func ring(_ alarm: Alarm) {
        switch alarm {
        case .machine(let timer): sender.yield(.happened(.timeIsOver(timer)))
        case .settled: context.custody.change(name) { $0.hasLasted() }
        case .text: context.custody.wake()
        }
    }
}
