import NIOConcurrencyHelpers
package import ReeveLaunch
package import ReeveProcess
package import ReeveProtocol

/// Turns a step of a run into a process.
package struct StepLauncher: Sendable {
    package var launcher: CommandLauncher
    package var prober: Prober
    package var attachments: AttachmentPlacer
    package var paths: RunPaths
    /// Bytes kept of the output of each try of a step.
    package var outputPerStep: Int
    package var custody: RunCustody
    /// How runs become processes whose task does not say it.
    package var kind: RunnerKind
    /// `nil`: there is no systemd to run steps.
    package var units: UnitHost?

    package init(
        launcher: CommandLauncher,
        prober: Prober,
        attachments: AttachmentPlacer,
        paths: RunPaths,
        outputPerStep: Int,
        custody: RunCustody,
        kind: RunnerKind = .process,
        units: UnitHost? = nil
    ) {
        self.launcher = launcher
        self.attachments = attachments
        self.prober = prober
        self.paths = paths
        self.outputPerStep = outputPerStep
        self.custody = custody
        self.kind = kind
        self.units = units
    }

    package var processes: Processes { launcher.processes }

    /// What every process of the run, and of no other, has in its environment.
    static func marks(of run: Run) -> [String] { ["REEVE_RUN=\(run.id)"] }

    /// What every process of a step, of whichever try, and of no other has: its end concerns no other step.
    private static func marks(of step: RunStep, of run: Run) -> [String] {
        marks(of: run) + ["REEVE_STEP=\(step.name)"]
    }

    /// What another agent has left of a run.
    func leftovers(of run: Run) -> ProcessTree {
        processes.leftovers(marks: Self.marks(of: run), cgroups: Self.cgroupPrefix(run))
    }

    private static func cgroupPrefix(_ run: Run) -> String { "run-\(run.id)." }

    /// Starts it as the run's kind of runner does.
    func start(_ attempt: StepTry) async throws(LaunchFailure) -> ChildRecord {
        let command = attempt.definition.commandDefinition
        guard attempt.run.runner == .systemd else { return try launcher.start(command, on: occasion(attempt)) }
        guard let units else {
            throw LaunchFailure(cause: "startFailed", reason: "systemd does not run on this host")
        }
        let unit = Self.unit(attempt.record, of: attempt.run, attempt.unit)
        return try await launcher.start(command, on: occasion(attempt), as: unit, by: units)
    }

    /// Takes up a step that an agent before this one has started as a unit. `nil`: there is none.
    func takeUp(_ attempt: StepTry) async throws(StartError) -> ChildRecord? {
        guard let units else { return nil }
        let unit = Self.unit(attempt.record, of: attempt.run)
        return try await launcher.takeUp(
            attempt.definition.commandDefinition,
            on: occasion(attempt),
            as: unit,
            by: units
        )
    }

    private func occasion(_ attempt: StepTry) -> CommandLauncher.Occasion {
        let (run, record) = (attempt.run, attempt.record)
        var output = SpoolSpecification(path: paths.output(run: run.id, step: record), quota: outputPerStep)
        output.budget = custody.begin(run.id)
        return CommandLauncher.Occasion(
            key: attempt.key,
            facts: facts(attempt),
            marks: Self.marks(of: record, of: run),
            output: output,
            scriptDirectory: paths.scriptDirectory(run: run.id, step: record),
            cgroup: "\(Self.cgroupPrefix(run))\(record.name).\(record.attempt)",
            notifySocket: attempt.definition.ready?.signal == .notify
                ? paths.notifySocket(run: run, step: record) : nil
        )
    }

    private static func unit(_ record: RunStep, of run: Run, _ definition: UnitDefinition? = nil) -> UnitIdentity {
        UnitIdentity(
            name: "\(UnitIdentity.prefix)\(run.id)-\(record.name)-\(record.attempt).service",
            description: "reeve: \(run.shortName), step \(record.name)",
            properties: definition?.forUnit ?? [:]
        )
    }

    /// Gives up what agents before this one have left with systemd of steps that go on no more: a crash came between.
    func dropLeftovers(living runs: [Run]) {
        guard let units else { return }
        let living = runs.flatMap { run in
            run.steps.filter { $0.status != .pending && $0.status != .stopped }.map { Self.unit($0, of: run).name }
        }
        for name in units.left.subtracting(living) { units.release(UnitIdentity(name: name)) }
    }

    /// Whom the probes of a step ask.
    func subject(_ attempt: StepTry) -> Prober.Subject {
        let (run, record) = (attempt.run, attempt.record)
        return Prober.Subject(
            launcher: launcher,
            command: attempt.definition.commandDefinition,
            key: attempt.key,
            facts: facts(attempt),
            scriptDirectory: paths.scriptDirectory(run: run.id, step: record) + ".probe",
            log: paths.output(run: run.id, step: record),
            logStart: .start
        )
    }

    /// Removes what the start of a step put on disk, and what is left of its unit, after the step has ended.
    func cleanUp(_ record: RunStep, of run: Run) {
        if run.runner == .systemd { units?.release(Self.unit(record, of: run)) }
        launcher.cleanUp(paths.scriptDirectory(run: run.id, step: record))
    }

    /// Puts a run's attachments in place: all, or none where that can be told before.
    ///
    /// - Parameter isWanted: Asked before each file.
    func attach(
        _ machine: RunMachine,
        at now: Timestamp,
        isWanted: NIOLockedValueBox<Bool>
    ) -> [RunAttachment] {
        let results = results(of: machine) { isWanted.withLockedValue { $0 } && !Task.isCancelled }
        return zip(machine.run.attachments ?? [], results).map { record, failure in
            var record = record
            record.status = failure == nil ? .attached : .failed
            record.cause = failure?.cause
            record.reason = failure?.reason
            record.at = now
            return record
        }
    }

    private func results(of machine: RunMachine, _ isWanted: () -> Bool) -> [AttachmentPlacer.Failure?] {
        do throws(LaunchFailure) {
            let owner = try launcher.user(CommandDefinition(user: machine.owner))
            return attachments.place(machine.attachments, owner: owner, isWanted: isWanted)
        } catch {
            // Nobody else is to get what is theirs.
            return machine.attachments.map { _ in .init(cause: "attachmentFailed", reason: error.reason) }
        }
    }

    private func facts(_ attempt: StepTry) -> [String: String] {
        let (run, record) = (attempt.run, attempt.record)
        var facts = [
            "REEVE_TASK": run.task, "REEVE_RUN": run.id, "REEVE_NUMBER": String(run.number), "REEVE_STEP": record.name,
            "REEVE_ATTEMPT": String(run.attempt),
        ]
        for (name, value) in attempt.parameters { facts[ParameterDefinition.variable(name)] = value }
        if let due = run.due { facts["REEVE_SLOT"] = due.description }
        facts["TRACEPARENT"] = TraceParent(run: run.id, step: record.name, attempt: record.attempt)?.description
        return facts
    }
}
