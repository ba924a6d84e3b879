import ReeveProcess
import ReeveProtocol

/// One try of a step with all that its process is made from: who starts it, asks after it or ends it needs no more.
///
/// Immutable, and shared by all who have to do with it.
final class StepTry: Sendable {
    let attempt: RunMachine.Try
    let run: Run
    /// As that of this try: the run may be at a later one.
    let record: RunStep
    let definition: StepDefinition
    /// Of the run, by name.
    let parameters: [String: String]
    /// Of its unit, where the runner is systemd.
    let unit: UnitDefinition?

    init(_ attempt: RunMachine.Try, of machine: RunMachine) {
        self.attempt = attempt
        run = machine.run
        var record = machine.run.steps[attempt.step]
        record.attempt = attempt.attempt
        self.record = record
        definition = machine.steps[attempt.step]
        parameters = machine.parameters
        unit = machine.unit
    }

    var key: ProcessKey { RunPaths.key(run: run.id, step: record) }
}
