import ReeveProtocol
import ReeveRunner

/// Runs and events as the tests of ``RunMachine`` write them.
enum Machine {
    typealias Try = RunMachine.Try
    typealias Event = RunMachine.Event
    typealias Action = RunMachine.Action

    static let start = Timestamp(milliseconds: 1_795_231_211_000)
    static var request: StopRequest { StopRequest(at: start, by: "uid:0", reason: "enough") }

    static func make(
        _ steps: [StepDefinition] = [StepDefinition(name: "main", command: ["true"])],
        timeout: Interval? = nil,
        overrides: RunOverrides? = nil
    ) -> RunMachine {
        var definition = TaskDefinition(id: "backup")
        definition.steps = steps
        definition.timeout = timeout
        var run = Run(id: "r", task: "backup", number: 1, revision: 1, trigger: .manual, createdAt: start)
        run.overrides = overrides
        return RunMachine(run: run, definition: definition)
    }

    /// A machine that takes up what another has left, as after a restart of the runner.
    static func takingUp(_ machine: RunMachine, _ steps: [StepDefinition], timeout: Interval? = nil) -> RunMachine {
        var definition = TaskDefinition(id: "backup")
        definition.steps = steps
        definition.timeout = timeout
        return RunMachine(run: machine.run, definition: definition)
    }

    static func step(
        _ name: String,
        _ requires: StepRequirement...,
        change: (inout StepDefinition) -> Void = { _ in }
    ) -> StepDefinition {
        var step = StepDefinition(name: name, command: ["true"])
        step.requires = requires.isEmpty ? nil : requires
        change(&step)
        return step
    }

    static func end(
        _ step: Int = 0,
        _ code: Int? = 0,
        signal: Int? = nil,
        attempt: Int = 1,
        after milliseconds: Int64 = 50
    ) -> Event {
        let end = RunMachine.StepEnd(exitCode: code, signal: signal, at: start + .milliseconds(milliseconds))
        return .ended(Try(step, attempt: attempt), end)
    }

    static func started(_ step: Int = 0, attempt: Int = 1) -> Event {
        .started(Try(step, attempt: attempt), pid: 100 + step)
    }
}

extension RunMachine {
    /// Does it now, and answers what is to be done, without what is told of it. What is to be killed is so at once.
    @discardableResult
    mutating func happen(_ event: Event, after: Interval = .zero) -> [Action] {
        handle(event, at: Machine.start + after).flatMap { action -> [Action] in
            switch action {
            case .save: []
            case .kill(let attempt): [action] + happen(.killed(attempt, survivors: nil), after: after)
            default: [action]
            }
        }
    }

    var outcomes: [Outcome?] { run.steps.map(\.outcome) }
    var statuses: [RunStatus] { run.steps.map(\.status) }
}

extension RunMachine.Action {
    /// What a save tells of: `main running`.
    var told: [String] {
        guard case .save(let details) = self else { return [] }
        return details.map { detail in
            switch detail {
            case .step(let step): "\(step.name) \(step.status.rawValue)"
            case .probe(let probe): "\(probe.step) \(probe.health.rawValue)"
            case .attachment(let attachment): "\(attachment.path) \(attachment.status.rawValue)"
            case .progress(let progress): "goes on for \(progress.elapsed)"
            }
        }
    }
}
