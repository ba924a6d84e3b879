package import ReeveLaunch
package import ReeveProcess
import ReeveProtocol

/// Turns a step of a run into a process.
package struct StepLauncher: Sendable {
    package var launcher: CommandLauncher
    package var prober: Prober
    package var paths: RunPaths
    /// Bytes of output kept of each step.
    package var outputQuota: Int

    package init(launcher: CommandLauncher, prober: Prober, paths: RunPaths, outputQuota: Int) {
        self.launcher = launcher
        self.prober = prober
        self.paths = paths
        self.outputQuota = outputQuota
    }

    package var processes: Processes { launcher.processes }

    /// What every process of the run, and of no other, has in its environment.
    static func marks(of run: Run) -> [String] { ["REEVE_RUN=\(run.id)"] }

    func start(_ step: StepDefinition, _ record: RunStep, of run: Run) throws(LaunchFailure) -> ChildRecord {
        var facts = facts(record, run)
        var occasion = CommandLauncher.Occasion(
            key: RunPaths.key(run: run.id, step: record),
            facts: [:],
            marks: Self.marks(of: run),
            output: SpoolSpecification(path: paths.output(run: run.id, step: record), quota: outputQuota),
            scriptDirectory: paths.scriptDirectory(run: run.id, step: record)
        )
        if step.ready?.signal == .notify {
            let socket = paths.notifySocket(run: run, step: record)
            facts["NOTIFY_SOCKET"] = socket
            occasion.notifySocket = socket
        }
        occasion.facts = facts
        return try launcher.start(step.commandDefinition, on: occasion)
    }

    /// Whom the probes of a step ask.
    func subject(_ step: StepDefinition, _ record: RunStep, of run: Run) -> Prober.Subject {
        Prober.Subject(
            launcher: launcher,
            command: step.commandDefinition,
            key: RunPaths.key(run: run.id, step: record),
            facts: facts(record, run),
            scriptDirectory: paths.scriptDirectory(run: run.id, step: record) + ".probe",
            log: paths.output(run: run.id, step: record),
            logStart: .start
        )
    }

    /// Removes what the start of a step put on disk, after the step has ended.
    func cleanUp(_ record: RunStep, of run: Run) {
        launcher.cleanUp(paths.scriptDirectory(run: run.id, step: record))
    }

    private func facts(_ step: RunStep, _ run: Run) -> [String: String] {
        var facts = [
            "REEVE_TASK": run.task, "REEVE_RUN": run.id, "REEVE_NUMBER": String(run.number), "REEVE_STEP": step.name,
            "REEVE_ATTEMPT": String(run.attempt),
        ]
        if let due = run.due { facts["REEVE_SLOT"] = due.description }
        return facts
    }
}
