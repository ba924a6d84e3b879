import Logging
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

    private typealias Event = RunMachine.Event
    private typealias Sender = AsyncStream<RunMachine.Event>.Continuation

    /// Starts a pending run, or takes up one whose process is known already.
    func run(_ run: Run, _ definition: TaskDefinition, orders: AsyncStream<Order>) async throws {
        var machine = RunMachine(run: run, definition: definition)
        let (events, sender) = AsyncStream.makeStream(of: RunMachine.Event.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await order in orders {
                    switch order {
                    case .stop(let request): sender.yield(.stopRequested(request))
                    case .agentStopping: sender.yield(.agentStopping)
                    }
                }
            }
            await begin(machine, sender, &group)
            loop: for await event in events {
                for action in machine.handle(event, at: now()) {
                    guard try await perform(action, machine, definition, sender, &group) else { break loop }
                }
            }
            group.cancelAll()
        }
    }

    /// The first event: a new run is admitted; of one that was running, the process is asked after.
    private func begin(
        _ machine: RunMachine,
        _ sender: Sender,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) async {
        guard machine.run.status > .pending else {
            sender.yield(.admitted)
            return
        }
        guard let step = machine.currentStep, let record = launcher.processes.record(key(step, machine)) else {
            await endLeftovers(of: machine)
            sender.yield(.processLost)
            return
        }
        if machine.run.steps[step].status < .running { sender.yield(.started(pid: Int(record.pid))) }
        if let request = machine.run.stopRequest { sender.yield(.stopRequested(request)) }
        awaitEnd(of: step, machine, sender, &group)
    }

    /// Ends what an agent that crashed has left of a run: exactly what carries the run's mark.
    private func endLeftovers(of machine: RunMachine) async {
        let run = machine.run
        // No pid: the kernel may have given the old one to somebody else.
        let tree = ProcessTree(pid: -1, startTicks: 0, marks: StepLauncher.marks(of: run))
        report(survivors: await launcher.processes.kill(tree), of: run)
        for step in run.steps { launcher.cleanUp(step, of: run) }
    }

    /// Whether there is more to come.
    private func perform(
        _ action: RunMachine.Action,
        _ machine: RunMachine,
        _ definition: TaskDefinition,
        _ sender: Sender,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> Bool {
        switch action {
        case .save(let steps): return try await save(machine, definition, steps)
        case .start(let step): start(step, machine, sender, &group)
        case .awaitStepTimeout(let step, let interval):
            wait(interval, then: .stepTimedOut(step: step), sender, &group)
        case .awaitRunTimeout(let interval): wait(interval, then: .runTimedOut, sender, &group)
        case .awaitGrace(let step, let interval): wait(interval, then: .graceOver(step: step), sender, &group)
        case .signal(let step, let number): launcher.processes.signal(key(step, machine), number)
        case .kill(let step): await kill(step, machine)
        case .finish: return false
        }
        return true
    }

    /// Whether the run goes on: one that was stopped before it began is not to begin any more. Its record may be gone
    /// by then too, where more runs than the history keeps end at once.
    private func save(_ machine: RunMachine, _ definition: TaskDefinition, _ steps: [Int]) async throws -> Bool {
        let run = machine.run
        let isSaved = try await store.write { transaction in
            if run.status == .preparing, try transaction.run(run.id)?.status ?? .stopped == .stopped { return false }
            var run = run
            if run.status == .stopped { try retry(&run, definition, transaction) }
            let stored = try transaction.update(run, steps: steps.map { run.steps[$0] })
            if stored.willRetry != nil { _ = try transaction.createRetry(of: stored) }
            return true
        }
        guard isSaved else { return false }
        // The record of a process may go once what it told is durable, and not before.
        for step in run.steps where step.status == .stopped && step.startedAt != nil {
            let key = RunPaths.key(run: run.id, step: step)
            guard launcher.processes.forget(key) else { continue }
            launcher.cleanUp(step, of: run)
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

    private func start(
        _ step: Int,
        _ machine: RunMachine,
        _ sender: Sender,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) {
        do {
            let record = try launcher.start(machine.steps[step], machine.run.steps[step], of: machine.run)
            sender.yield(.started(pid: Int(record.pid)))
            awaitEnd(of: step, machine, sender, &group)
        } catch {
            sender.yield(.startFailed(cause: error.cause, reason: error.reason))
        }
    }

    private func awaitEnd(
        of step: Int,
        _ machine: RunMachine,
        _ sender: Sender,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) {
        let key = key(step, machine)
        group.addTask { [processes = launcher.processes] in
            guard let end = await processes.ended(key) else { return }
            sender.yield(.ended(RunMachine.StepEnd(end, output: processes.record(key)?.output)))
        }
    }

    private func wait(
        _ interval: Interval,
        then event: RunMachine.Event,
        _ sender: Sender,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) {
        group.addTask { [clock] in
            // Cancelled: no longer needed.
            guard (try? await clock.sleep(for: interval.duration)) != nil else { return }
            sender.yield(event)
        }
    }

    private func kill(_ step: Int, _ machine: RunMachine) async {
        report(survivors: await launcher.processes.kill(key(step, machine)), of: machine.run)
    }

    private func report(survivors: [Int32], of run: Run) {
        guard !survivors.isEmpty else { return }
        logger.warning(
            "processes of a run survived SIGKILL",
            metadata: ["run.id": "\(run.id)", "process.pids": "\(survivors)"]
        )
    }

    private func key(_ step: Int, _ machine: RunMachine) -> ProcessKey {
        RunPaths.key(run: machine.run.id, step: machine.run.steps[step])
    }
}

extension RunMachine.StepEnd {
    init(_ end: ProcessEnd, output: OutputCounts?) {
        self.init(
            exitCode: end.exitCode.map(Int.init),
            signal: end.signal.map(Int.init),
            usage: Usage(
                userTime: Interval(end.usage.userTime),
                systemTime: Interval(end.usage.systemTime),
                maximumResident: end.usage.maximumResident.map(Int.init)
            ),
            output: output.map { OutputSummary(bytes: Int($0.bytes), dropped: Int($0.dropped)) },
            at: Timestamp(milliseconds: end.endedAt)
        )
    }
}
