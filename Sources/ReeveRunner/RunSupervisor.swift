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
    let custody: RunCustody
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let logger: Logger

    /// Whether attachments are still to be put in place.
    private let attaching = NIOLockedValueBox(true)

    private typealias Sender = AsyncStream<RunMachine.Event>.Continuation
    private typealias Try = RunMachine.Try

    /// Starts a pending run, or takes up one that has begun.
    func run(_ run: Run, _ definition: TaskDefinition, orders: AsyncStream<Order>) async throws {
        var run = run
        if run.status == .pending, (definition.runner ?? launcher.kind) == .systemd { run.runner = .systemd }
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
            sender.yield(await firstEvent(machine, sender, &group))
            if run.status > .pending, let request = run.stopRequest { sender.yield(.stopRequested(request)) }
            loop: for await event in events {
                for action in machine.handle(event, at: now()) {
                    guard try await perform(action, machine, definition, sender, &group) else {
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
        _ sender: Sender,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) async -> RunMachine.Event {
        guard machine.run.status > .pending else {
            custody.begin(machine.run.id)
            return .admitted
        }
        let active = machine.activeTries
        if machine.run.runner == .systemd {
            await takeUp(active.filter { launcher.processes.record(key($0, machine)) == nil }, machine)
        }
        var found: [Int: Int] = [:]
        for attempt in active {
            found[attempt.step] = launcher.processes.record(key(attempt, machine)).map { Int($0.pid) }
        }
        let gone = active.filter { found[$0.step] == nil }
        let isOurs = custody.has(machine.run.id)
        // What this agent would have started, and does not know, it has not started.
        let unstarted = gone.filter { isOurs && machine.run.steps[$0.step].status == .preparing }
        // Processes go down with the agent, all at once: where one is gone there is nothing to go on with.
        if unstarted.count < gone.count {
            return .resumed(found: [:], survivors: await endLeftovers(of: machine))
        }
        custody.begin(machine.run.id)
        for attempt in active where found[attempt.step] != nil { awaitEnd(of: attempt, machine, sender, &group) }
        return .resumed(found: found, unstarted: unstarted)
    }

    /// Takes up what an agent before this one has left to systemd: its runs go on as those of this one.
    ///
    /// Waits for systemd to answer: until then nobody knows what became of them.
    private func takeUp(_ tries: [Try], _ machine: RunMachine) async {
        for attempt in tries {
            var wait = Duration.milliseconds(250)
            while !Task.isCancelled {
                do throws(StartError) {
                    _ = try await launcher.takeUp(
                        machine.steps[attempt.step],
                        record(attempt, machine),
                        of: machine.run,
                        parameters: machine.parameters
                    )
                    break
                } catch {
                    logger.warning(
                        "cannot take a run up",
                        metadata: ["run.id": "\(machine.run.id)", "error": "\(error)"]
                    )
                    guard error.stage == .serviceManager else { break }
                    guard (try? await clock.sleep(for: wait)) != nil else { return }
                    wait = min(wait * 2, .seconds(30))
                }
            }
        }
        custody.begin(machine.run.id)
    }

    /// Ends what an agent that crashed has left of a run: exactly what is in its cgroups, or carries
    /// its mark.
    ///
    /// - Returns: What that did not end, for people.
    private func endLeftovers(of machine: RunMachine) async -> String? {
        let run = machine.run
        defer { for step in run.steps { launcher.cleanUp(step, of: run) } }
        return report(await launcher.processes.kill(leftovers: launcher.leftovers(of: run)), of: run)
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
        case .save(let details): return try await save(machine, definition, details)
        case .attach:
            group.addTask { sender.yield(.attached(launcher.attach(machine, at: now(), isWanted: attaching))) }
        case .stopAttaching: attaching.withLockedValue { $0 = false }
        case .start(let attempt): await start(attempt, machine, definition, sender, &group)
        case .wait(let timer, let interval): wait(interval, then: .timeIsOver(timer), sender, &group)
        case .awaitReadiness(let attempt): group.addTask { await awaitReadiness(of: attempt, machine, sender) }
        case .probe(let attempt): group.addTask { await probe(attempt, machine, sender) }
        case .signal(let attempt, let number): launcher.processes.signal(key(attempt, machine), number)
        case .kill(let attempt):
            group.addTask { sender.yield(.killed(attempt, survivors: await kill(attempt, machine))) }
        case .finish: return false
        }
        return true
    }

    /// Whether the run goes on: one that was stopped before it began is not to begin any more. Its record may be gone
    /// by then too, where more runs than the history keeps end at once.
    private func save(
        _ machine: RunMachine,
        _ definition: TaskDefinition,
        _ details: [RunDetail]
    ) async throws -> Bool {
        let run = machine.run
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

    /// What the agent starts itself is started before anything else is heard; systemd may take its time, and whatever
    /// happens meanwhile is heard.
    private func start(
        _ attempt: Try,
        _ machine: RunMachine,
        _ definition: TaskDefinition,
        _ sender: Sender,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) async {
        guard machine.run.runner == .systemd else {
            if await start(attempt, machine, definition, sender) { awaitEnd(of: attempt, machine, sender, &group) }
            return
        }
        group.addTask {
            if await start(attempt, machine, definition, sender) { await end(of: attempt, machine, sender) }
        }
    }

    /// Whether there is a process now.
    private func start(
        _ attempt: Try,
        _ machine: RunMachine,
        _ definition: TaskDefinition,
        _ sender: Sender
    ) async -> Bool {
        do throws(LaunchFailure) {
            let record = try await launcher.start(
                machine.steps[attempt.step],
                record(attempt, machine),
                of: machine.run,
                parameters: machine.parameters,
                unit: definition.unit
            )
            sender.yield(
                .started(attempt, pid: Int(record.pid), notEnforced: record.unenforced.map(\.rawValue))
            )
            return true
        } catch {
            // The runner is being ended: the next one asks what became of it.
            guard !Task.isCancelled else { return false }
            sender.yield(.startFailed(attempt, cause: error.cause, reason: error.reason))
            return false
        }
    }

    private func awaitEnd(
        of attempt: Try,
        _ machine: RunMachine,
        _ sender: Sender,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) {
        group.addTask { await end(of: attempt, machine, sender) }
    }

    private func end(of attempt: Try, _ machine: RunMachine, _ sender: Sender) async {
        let key = key(attempt, machine)
        guard let end = await launcher.processes.ended(key) else { return }
        // It may have said so with its last words.
        if case .probe(let target) = machine.steps[attempt.step].ready?.signal, case .log = target {
            var progress = Prober.Progress()
            let result = await launcher.prober.tryOnce(
                target,
                of: subject(attempt, machine),
                timeout: .zero,
                progress: &progress
            )
            if result == .success { sender.yield(.becameReady(attempt)) }
        }
        sender.yield(.ended(attempt, RunMachine.StepEnd(end, output: launcher.processes.record(key)?.output)))
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

    /// Answers once, when the step is ready. Ends with its process.
    private func awaitReadiness(of attempt: Try, _ machine: RunMachine, _ sender: Sender) async {
        guard let ready = machine.steps[attempt.step].ready else { return }
        let key = key(attempt, machine)
        await untilEnd(of: key) {
            switch ready.signal {
            case .notify:
                var state = NotifyState()
                while !state.isReady, let next = await launcher.processes.notices(key, beyond: state.version) {
                    state = next
                }
                if state.isReady { sender.yield(.becameReady(attempt)) }
            case .probe(let target):
                let isMet = await launcher.prober.waitUntilMet(
                    target,
                    of: subject(attempt, machine),
                    interval: (ready.interval ?? ReadinessDefinition.defaultInterval).duration,
                    timeout: ProbeDefinition.defaultTimeout.duration
                )
                if isMet { sender.yield(.becameReady(attempt)) }
            }
        }
    }

    private func probe(_ attempt: Try, _ machine: RunMachine, _ sender: Sender) async {
        guard let probe = machine.steps[attempt.step].probe else { return }
        let known = machine.run.probes?.first {
            $0.step == machine.steps[attempt.step].name && $0.attempt == attempt.attempt
        }
        let subject = subject(attempt, machine)
        await untilEnd(of: subject.key) {
            await launcher.prober.watch(probe, of: subject, health: known?.health) { verdict in
                sender.yield(.health(attempt, verdict))
            }
        }
    }

    /// Does something as long as a process lives.
    private func untilEnd(of key: ProcessKey, _ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { [processes = launcher.processes] in _ = await processes.ended(key) }
            await group.next()
            group.cancelAll()
        }
    }

    private func kill(_ attempt: Try, _ machine: RunMachine) async -> String? {
        report(await launcher.processes.kill(key(attempt, machine)), of: machine.run)
    }

    /// What survived a kill, for people; `nil`: nothing did.
    private func report(_ survivors: [Survivor], of run: Run) -> String? {
        guard !survivors.isEmpty else { return nil }
        let text = survivors.map(\.description).joined(separator: ", ")
        logger.warning(
            "processes of a run survived SIGKILL",
            metadata: ["run.id": "\(run.id)", "process.pids": "\(text)"]
        )
        return text
    }

    private func subject(_ attempt: Try, _ machine: RunMachine) -> Prober.Subject {
        launcher.subject(
            machine.steps[attempt.step],
            record(attempt, machine),
            of: machine.run,
            parameters: machine.parameters
        )
    }

    private func key(_ attempt: Try, _ machine: RunMachine) -> ProcessKey {
        RunPaths.key(run: machine.run.id, step: record(attempt, machine))
    }

    /// The step's record, as that of this try: the machine may be at a later one.
    private func record(_ attempt: Try, _ machine: RunMachine) -> RunStep {
        var record = machine.run.steps[attempt.step]
        record.attempt = attempt.attempt
        return record
    }
}

extension Usage {
    /// From its cgroup as far as that counts, else from what the kernel says of the process.
    init(_ end: ProcessEnd) {
        self.init(
            userTime: Interval(end.together?.userTime ?? end.usage.userTime),
            systemTime: Interval(end.together?.systemTime ?? end.usage.systemTime),
            maximumResident: end.usage.maximumResident.map(Int.init),
            peakMemory: end.together?.peakMemory.map(Int.init),
            bytesRead: Int(end.together?.bytesRead ?? end.usage.bytesRead),
            bytesWritten: Int(end.together?.bytesWritten ?? end.usage.bytesWritten)
        )
    }
}

extension OutputSummary {
    init(_ counts: OutputCounts) {
        self.init(bytes: Int(counts.bytes), dropped: Int(counts.dropped), trouble: counts.spoolTrouble)
    }
}

extension RunMachine.StepEnd {
    init(_ end: ProcessEnd, output: OutputCounts?) {
        let verdict = ProcessVerdict(end)
        self.init(
            exitCode: verdict.exitCode,
            signal: verdict.signal,
            coreDumped: verdict.coreDumped,
            outOfMemoryKills: verdict.outOfMemoryKills,
            usage: Usage(end),
            output: output.map(OutputSummary.init),
            at: Timestamp(milliseconds: end.endedAt)
        )
    }
}
