import Logging
import ReeveLaunch
import ReeveProcess
import ReeveProtocol

/// Does what a ``RunMachine`` says to the processes of its steps, and tells it what they do.
final class StepSupervisor: Sendable {
    let launcher: StepLauncher
    let clock: any Clock<Duration>
    let logger: Logger
    let events: AsyncStream<RunMachine.Event>.Continuation

    private var processes: Processes { launcher.processes }

    init(
        launcher: StepLauncher,
        clock: any Clock<Duration>,
        logger: Logger,
        events: AsyncStream<RunMachine.Event>.Continuation
    ) {
        self.launcher = launcher
        self.clock = clock
        self.logger = logger
        self.events = events
    }

    /// Whether there is a process now.
    func start(_ attempt: StepTry) async -> Bool {
        do throws(LaunchFailure) {
            let record = try await launcher.start(attempt)
            events.yield(
                .started(attempt.attempt, pid: Int(record.pid), notEnforced: record.unenforced.map(\.rawValue))
            )
            return true
        } catch {
            // The runner is being ended: the next one asks what became of it.
            guard !Task.isCancelled else { return false }
            events.yield(.startFailed(attempt.attempt, cause: error.cause, reason: error.reason))
            return false
        }
    }

    /// Takes up what an agent before this one has left to systemd.
    ///
    /// Waits for systemd to answer: until then nobody knows what became of it.
    func takeUp(_ attempt: StepTry) async {
        var wait = Duration.milliseconds(250)
        while !Task.isCancelled {
            do throws(StartError) {
                _ = try await launcher.takeUp(attempt)
                return
            } catch {
                logger.warning(
                    "cannot take a run up",
                    metadata: ["run.id": "\(attempt.run.id)", "error": "\(error)"]
                )
                guard error.stage == .serviceManager, (try? await clock.sleep(for: wait)) != nil else { return }
                wait = min(wait * 2, .seconds(30))
            }
        }
    }

    /// Tells how its process ends.
    func followToEnd(_ attempt: StepTry) async {
        guard let end = await processes.ended(attempt.key) else { return }
        // It may have said so with its last words.
        if case .probe(let target) = attempt.definition.ready?.signal, case .log = target {
            var progress = Prober.Progress()
            let result = await launcher.prober.tryOnce(
                target,
                of: launcher.subject(attempt),
                timeout: .zero,
                progress: &progress
            )
            if result == .success { events.yield(.becameReady(attempt.attempt)) }
        }
        let output = processes.record(attempt.key)?.output
        events.yield(.ended(attempt.attempt, RunMachine.StepEnd(end, output: output)))
    }

    /// Answers once, when the step is ready. Ends with its process.
    func awaitReadiness(of attempt: StepTry) async {
        guard let ready = attempt.definition.ready else { return }
        await untilEnd(of: attempt.key) { [self] in
            switch ready.signal {
            case .notify:
                var state = NotifyState()
                while !state.isReady, let next = await processes.notices(attempt.key, beyond: state.version) {
                    state = next
                }
                if state.isReady { events.yield(.becameReady(attempt.attempt)) }
            case .probe(let target):
                let isMet = await launcher.prober.waitUntilMet(
                    target,
                    of: launcher.subject(attempt),
                    interval: (ready.interval ?? ReadinessDefinition.defaultInterval).duration,
                    timeout: ProbeDefinition.defaultTimeout.duration
                )
                if isMet { events.yield(.becameReady(attempt.attempt)) }
            }
        }
    }

    /// Tells each change of the step's health. Ends with its process.
    func probe(_ attempt: StepTry) async {
        guard let probe = attempt.definition.probe else { return }
        let known = attempt.run.probes?.first {
            $0.step == attempt.record.name && $0.attempt == attempt.record.attempt
        }
        await untilEnd(of: attempt.key) { [self] in
            await launcher.prober.watch(probe, of: launcher.subject(attempt), health: known?.health) { verdict in
                events.yield(.health(attempt.attempt, verdict))
            }
        }
    }

    /// Does something as long as a process lives.
    private func untilEnd(of key: ProcessKey, _ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { [processes] in _ = await processes.ended(key) }
            await group.next()
            group.cancelAll()
        }
    }

    func signal(_ attempt: StepTry, _ number: Int32) {
        processes.signal(attempt.key, number)
    }

    /// Ends its process and all that this has started.
    func kill(_ attempt: StepTry) async {
        let survivors = report(await processes.kill(attempt.key), ofRun: attempt.run.id)
        events.yield(.killed(attempt.attempt, survivors: survivors))
    }

    /// Lets the record of a process go, and what its start put on disk.
    func forget(_ step: RunStep, of run: Run) {
        guard processes.forget(RunPaths.key(run: run.id, step: step)) else { return }
        launcher.cleanUp(step, of: run)
    }

    /// What survived a kill, for people; `nil`: nothing did.
    func report(_ survivors: [Survivor], ofRun id: String) -> String? {
        guard !survivors.isEmpty else { return nil }
        let text = survivors.map(\.description).joined(separator: ", ")
        logger.warning(
            "processes of a run survived SIGKILL",
            metadata: ["run.id": "\(id)", "process.pids": "\(text)"]
        )
        return text
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
