import ReeveProcess
import ReeveProtocol

/// One try of a step with all that its process is made from: who starts it, asks after it or ends it needs no more.
struct StepTry: Sendable {
    let attempt: RunMachine.Try
    let run: Run
    /// As that of this try: the run may be at a later one.
    let record: RunStep
    let definition: StepDefinition
    /// Of the run, by name.
    let parameters: [String: String]
    /// Of its unit, where the runner is systemd.
    let unit: UnitDefinition?

    var key: ProcessKey { RunPaths.key(run: run.id, step: record) }
}

extension RunMachine {
    func stepTry(_ attempt: Try) -> StepTry {
        var record = run.steps[attempt.step]
        record.attempt = attempt.attempt
        return StepTry(
            attempt: attempt,
            run: run,
            record: record,
            definition: steps[attempt.step],
            parameters: parameters,
            unit: unit
        )
    }
}
