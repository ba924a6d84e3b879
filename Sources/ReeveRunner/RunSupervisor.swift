import Logging
import NIOConcurrencyHelpers
import ReeveLaunch
import ReeveProcess
import ReeveProtocol
import ReeveStore

/// Carries one run through: does what its ``RunMachine`` says, and tells it what happened.
///
/// It ends when the run has stopped, or with an error when the store cannot be written; the processes go on then, and
/// another supervisor takes the run up again.
struct RunSupervisor {
    /// What reaches the run from outside.
    enum Order: Sendable {
        case stop(StopRequest)
        case agentStopping
    }

    let store: Store
    let launcher: StepLauncher
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let logger: Logger

    /// Whether attachments are still to be put in place.
    private let attaching = NIOLockedValueBox(true)

    private var custody: RunCustody { launcher.custody }

    private typealias Group = ThrowingTaskGroup<Void, any Error>

    /// Starts a pending run, or takes up one that has begun.
    func run(_ run: Run, _ definition: TaskDefinition, orders: AsyncStream<Order>) async throws {
        var machine = RunMachine(run: run, definition: definition)
        let (events, sender) = AsyncStream.makeStream(of: RunMachine.Event.self)
        let steps = StepSupervisor(launcher: launcher, clock: clock, logger: logger, events: sender)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await order in orders {
                    switch order {
                    case .stop(let request): sender.yield(.stopRequested(request))
                    case .agentStopping: sender.yield(.agentStopping)
                    }
                }
            }
            sender.yield(try await firstEvent(machine, steps, &group))
            if run.status > .pending, let request = run.stopRequest { sender.yield(.stopRequested(request)) }
            loop: for await event in events {
                for action in machine.handle(event, at: now()) {
                    guard try await perform(action, machine, definition, steps, &group) else {
                        custody.end(run.id)
                        break loop
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// A new run is admitted; of one that had begun, the processes are asked after.
    private func firstEvent(
        _ machine: RunMachine,
        _ steps: StepSupervisor,
        _ group: inout Group
    ) async throws -> RunMachine.Event {
        let run = machine.run
        guard run.status > .pending else {
            custody.begin(run.id)
            return .admitted
        }
        // Asked first: who is taken up has a place here.
        let isOurs = custody.has(run.id)
        let active = machine.activeTries.map(machine.stepTry)
        if run.runner == .systemd {
            for attempt in active where launcher.processes.record(attempt.key) == nil { await steps.takeUp(attempt) }
            // Whose answer was not waited for may live: what is not known of here is not to be ended.
            try Task.checkCancellation()
        }
        let found = active.filter { launcher.processes.record($0.key) != nil }
        let gone = active.filter { launcher.processes.record($0.key) == nil }
        // What this agent would have started, and does not know, it has not started.
        let unstarted = gone.filter { isOurs && $0.record.status == .preparing }.map(\.attempt)
        // The agent's own processes go down with it, all at once: where one is gone there is nothing to go on with. Of
        // systemd's the others live.
        if unstarted.count < gone.count, run.runner != .systemd || found.isEmpty {
            return .resumed(found: [:], survivors: await steps.endLeftovers(of: run))
        }
        custody.begin(run.id)
        for attempt in gone where !unstarted.contains(attempt.attempt) { launcher.cleanUp(attempt.record, of: run) }
        for attempt in found { group.addTask { await steps.followToEnd(attempt) } }
        let pids = found.map { ($0.attempt.step, Int(launcher.processes.record($0.key)?.pid ?? 0)) }
        return .resumed(found: Dictionary(pids) { first, _ in first }, unstarted: unstarted)
    }

    /// Whether there is more to come.
    private func perform(
        _ action: RunMachine.Action,
        _ machine: RunMachine,
        _ definition: TaskDefinition,
        _ steps: StepSupervisor,
        _ group: inout Group
    ) async throws -> Bool {
        switch action {
        case .save(let details): return try await save(machine.run, definition, details, steps)
        case .attach:
            group.addTask { steps.events.yield(.attached(launcher.attach(machine, at: now(), isWanted: attaching))) }
        case .stopAttaching: attaching.withLockedValue { $0 = false }
        case .start(let attempt): await start(machine.stepTry(attempt), steps, &group)
        case .wait(let timer, let interval):
            group.addTask { [clock] in
                // Cancelled: no longer needed.
                guard (try? await clock.sleep(for: interval.duration)) != nil else { return }
                steps.events.yield(.timeIsOver(timer))
            }
        case .awaitReadiness(let attempt):
            group.addTask { [attempt = machine.stepTry(attempt)] in await steps.awaitReadiness(of: attempt) }
        case .probe(let attempt): group.addTask { [attempt = machine.stepTry(attempt)] in await steps.probe(attempt) }
        case .signal(let attempt, let number): steps.signal(machine.stepTry(attempt), number)
        case .kill(let attempt): group.addTask { [attempt = machine.stepTry(attempt)] in await steps.kill(attempt) }
        case .finish: return false
        }
        return true
    }

    /// What the agent starts itself is started before anything else is heard; systemd may take its time, and whatever
    /// happens meanwhile is heard.
    private func start(_ attempt: StepTry, _ steps: StepSupervisor, _ group: inout Group) async {
        guard attempt.run.runner != .systemd else {
            group.addTask { if await steps.start(attempt) { await steps.followToEnd(attempt) } }
            return
        }
        if await steps.start(attempt) { group.addTask { await steps.followToEnd(attempt) } }
    }

    /// Whether the run goes on: one that was stopped before it began is not to begin any more. Its record may be gone
    /// by then too, where more runs than the history keeps end at once.
    private func save(
        _ run: Run,
        _ definition: TaskDefinition,
        _ details: [RunDetail],
        _ steps: StepSupervisor
    ) async throws -> Bool {
        let isSaved = try await store.write { transaction in
            if run.status == .preparing, try transaction.status(ofRun: run.id) ?? .stopped == .stopped { return false }
            var run = run
            if run.status == .stopped { try retry(&run, definition, transaction) }
            let stored = try transaction.update(run, details: details)
            if stored.willRetry != nil { _ = try transaction.createRetry(of: stored) }
            return true
        }
        guard isSaved else { return false }
        // The record of a process may go once what it told is durable, and not before.
        for case .step(let step) in details where step.status == .stopped && step.startedAt != nil {
            steps.forget(step, of: run)
        }
        return true
    }

    private func retry(_ run: inout Run, _ definition: TaskDefinition, _ transaction: Transaction) throws {
        // One that somebody has asked to end is not to come back, even if it was quicker.
        guard definition.retry != nil, try transaction.run(run.id)?.stopRequest == nil else { return }
        let task = try transaction.task(run.task)
        let successor = try transaction.slotRun(of: run.task, after: run.number)
        let decision = RunRetry.decide(
            run,
            definition,
            isCurrent: task.map { $0.revision == run.revision && $0.pause == nil } ?? false,
            next: successor.map(\.createdAt) ?? task?.nextFire,
            now: transaction.now
        )
        switch decision {
        case .at(let time): run.willRetry = time
        case .superseded:
            run.reason = (run.reason.map { "\($0); " } ?? "") + "not tried again, as its next time comes before"
        case .none: break
        }
    }
}
