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
///
/// It belongs to the task that runs it. The run and its task stand in here and not in the frames of asynchronous functions:
/// these last as long as the run, and each would hold several copies. So what looks at them does not wait, and is not
/// inlined into what does.
final class RunSupervisor {
    private var machine: RunMachine
    private let definition: TaskDefinition
    private let store: Store
    private let launcher: StepLauncher
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let events: AsyncStream<RunMachine.Event>
    private let steps: StepSupervisor
    /// Whether attachments are still to be put in place.
    private let attaching = NIOLockedValueBox(true)

    private typealias Group = ThrowingTaskGroup<Void, any Error>

    /// - Parameter events: What happens to the run; those from outside come the same way.
    init(
        _ run: Run,
        _ definition: TaskDefinition,
        events: (stream: AsyncStream<RunMachine.Event>, continuation: AsyncStream<RunMachine.Event>.Continuation),
        store: Store,
        launcher: StepLauncher,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        machine = RunMachine(run: run, definition: definition)
        self.definition = definition
        self.store = store
        self.launcher = launcher
        self.clock = clock
        self.now = now
        self.events = events.stream
        steps = StepSupervisor(launcher: launcher, clock: clock, logger: logger, events: events.continuation)
    }

    private var id: String { machine.run.id }
    private var custody: RunCustody { launcher.custody }

    /// Starts a pending run, or takes up one that has begun.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let request = requestOfBefore
            steps.events.yield(hasBegun ? try await takenUp(&group) : admitted())
            if let request { steps.events.yield(.stopRequested(request)) }
            loop: for await event in events {
                for action in actions(after: event) {
                    guard try await perform(action, &group) else {
                        custody.end(id)
                        break loop
                    }
                }
            }
            group.cancelAll()
        }
    }

    @inline(never)
    private func actions(after event: RunMachine.Event) -> [RunMachine.Action] { machine.handle(event, at: now()) }

    private var hasBegun: Bool { machine.run.status > .pending }
    private var isUnit: Bool { machine.run.runner == .systemd }

    /// That a run which is taken up is to end.
    private var requestOfBefore: StopRequest? { hasBegun ? machine.run.stopRequest : nil }

    private func admitted() -> RunMachine.Event {
        custody.begin(id)
        return .admitted
    }

    /// Asks after the processes of a run that had begun.
    private func takenUp(_ group: inout Group) async throws -> RunMachine.Event {
        // Asked first: who is taken up has a place here.
        let isOurs = custody.has(id)
        let active = activeTries
        if isUnit {
            for attempt in active where !isKnown(attempt) { await steps.takeUp(attempt) }
            // Whose answer was not waited for may live: what is not known of here is not to be ended.
            try Task.checkCancellation()
        }
        let found = active.filter(isKnown)
        let gone = active.filter { !isKnown($0) }
        // What this agent would have started, and does not know, it has not started.
        let unstarted = gone.filter { isOurs && $0.record.status == .preparing }.map(\.attempt)
        // The agent's own processes go down with it, all at once: where one is gone there is nothing to go on with. Of
        // systemd's the others live.
        if unstarted.count < gone.count, !isUnit || found.isEmpty {
            return .resumed(found: [:], survivors: await endLeftovers())
        }
        custody.begin(id)
        for attempt in gone where !unstarted.contains(attempt.attempt) {
            launcher.cleanUp(attempt.record, of: attempt.run)
        }
        for attempt in found { group.addTask { [steps] in await steps.followToEnd(attempt) } }
        let pids = found.map { ($0.attempt.step, Int(launcher.processes.record($0.key)?.pid ?? 0)) }
        return .resumed(found: Dictionary(pids) { first, _ in first }, unstarted: unstarted)
    }

    @inline(never) private var activeTries: [StepTry] { machine.activeTries.map(stepTry) }
    @inline(never) private func stepTry(_ attempt: RunMachine.Try) -> StepTry { StepTry(attempt, of: machine) }

    private func isKnown(_ attempt: StepTry) -> Bool { launcher.processes.record(attempt.key) != nil }

    /// Ends what an agent that crashed has left of the run: exactly what is in its cgroups, or carries its mark.
    ///
    /// - Returns: What that did not end, for people.
    private func endLeftovers() async -> String? {
        let survivors = await launcher.processes.kill(leftovers: leftovers)
        cleanUpSteps()
        return steps.report(survivors, ofRun: id)
    }

    @inline(never)
    private var leftovers: ProcessTree { launcher.leftovers(of: machine.run) }

    @inline(never)
    private func cleanUpSteps() {
        for step in machine.run.steps { launcher.cleanUp(step, of: machine.run) }
    }

    /// Whether there is more to come.
    private func perform(_ action: RunMachine.Action, _ group: inout Group) async throws -> Bool {
        switch action {
        case .save(let details): return try await save(details)
        case .attach:
            group.addTask { [steps, attach = attachment(at: now())] in steps.events.yield(.attached(attach())) }
        case .stopAttaching: attaching.withLockedValue { $0 = false }
        case .start(let attempt): await start(stepTry(attempt), &group)
        case .wait(let timer, let interval):
            group.addTask { [clock, steps] in
                // Cancelled: no longer needed.
                guard (try? await clock.sleep(for: interval.duration)) != nil else { return }
                steps.events.yield(.timeIsOver(timer))
            }
        case .awaitReadiness(let attempt):
            group.addTask { [steps, attempt = stepTry(attempt)] in await steps.awaitReadiness(of: attempt) }
        case .probe(let attempt):
            group.addTask { [steps, attempt = stepTry(attempt)] in await steps.probe(attempt) }
        case .signal(let attempt, let number): steps.signal(stepTry(attempt), number)
        case .kill(let attempt):
            group.addTask { [steps, attempt = stepTry(attempt)] in await steps.kill(attempt) }
        case .finish: return false
        }
        return true
    }

    @inline(never)
    private func attachment(at now: Timestamp) -> @Sendable () -> [RunAttachment] {
        { [launcher, machine, attaching] in launcher.attach(machine, at: now, isWanted: attaching) }
    }

    /// What the agent starts itself is started before anything else is heard; systemd may take its time, and whatever
    /// happens meanwhile is heard.
    private func start(_ attempt: StepTry, _ group: inout Group) async {
        guard !isUnit else {
            group.addTask { [steps] in if await steps.start(attempt) { await steps.followToEnd(attempt) } }
            return
        }
        if await steps.start(attempt) { group.addTask { [steps] in await steps.followToEnd(attempt) } }
    }

    // MARK: Saving

    /// Whether the run goes on: one that was stopped before it began is not to begin any more. Its record may be gone
    /// by then too, where more runs than the history keeps end at once.
    private func save(_ details: [RunDetail]) async throws -> Bool {
        guard try await store.write(saving(details)) else { return false }
        forget(details)
        return true
    }

    @inline(never)
    private func saving(_ details: [RunDetail]) -> @Sendable (Transaction) throws -> Bool {
        { [run = machine.run, definition] transaction in
            if run.status == .preparing, try transaction.status(ofRun: run.id) ?? .stopped == .stopped { return false }
            var run = run
            if run.status == .stopped { try Self.retry(&run, definition, transaction) }
            let stored = try transaction.update(run, details: details)
            if stored.willRetry != nil { _ = try transaction.createRetry(of: stored) }
            return true
        }
    }

    /// The record of a process may go once what it told is durable, and not before.
    @inline(never)
    private func forget(_ details: [RunDetail]) {
        for case .step(let step) in details where step.status == .stopped && step.startedAt != nil {
            steps.forget(step, of: machine.run)
        }
    }

    private static func retry(_ run: inout Run, _ definition: TaskDefinition, _ transaction: Transaction) throws {
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
