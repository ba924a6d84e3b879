import ReeveProtocol
import Testing

@testable import ReeveAgent

/// Which step is meant, as a table: of `a` and `b` with a terminal, and `plain` without one.
struct TerminalChoiceTests {
    private static let definition: TaskDefinition = {
        var steps = ["a", "b", "plain"].map { StepDefinition(name: $0, command: ["sh"]) }
        for index in 0...1 { steps[index].terminal = TerminalDefinition() }
        var task = TaskDefinition(id: "backup")
        task.steps = steps
        return task
    }()

    private static func run(_ statuses: [RunStatus]) -> Run {
        ExplanationFixture.run(1, .running) { run in
            run.steps = zip(["a", "b", "plain"], statuses).map { name, status in
                var step = RunStep(name: name)
                step.status = status
                return step
            }
        }
    }

    /// How far `a`, `b` and `plain` are; which is named; which is chosen, `nil` for none.
    private static let choices: [([RunStatus], String?, String?)] = [
        ([.running, .pending, .running], nil, "a"),
        ([.stopped, .stopping, .running], nil, "b"),
        ([.running, .running, .running], "b", "b"),
        ([.running, .preparing, .running], "b", nil),
        ([.running, .running, .running], "plain", nil),
        ([.stopped, .stopped, .running], nil, nil),
        ([.preparing, .pending, .pending], nil, nil),
    ]

    @Test(arguments: choices)
    func `a step that runs and has a terminal`(statuses: [RunStatus], name: String?, chosen: String?) throws {
        let run = Self.run(statuses)
        let choice = TerminalChoice(of: run, Self.definition, named: name)
        let step = run.steps.first { $0.name == chosen }
        #expect(choice == step.map(TerminalChoice.step) ?? .absent)
    }

    @Test func `where several may be meant it has to be said which, and it has to be one that there is`() {
        let run = Self.run([.running, .stopping, .running])
        #expect(TerminalChoice(of: run, Self.definition, named: nil) == .several(["a", "b"]))
        #expect(TerminalChoice(of: run, Self.definition, named: "c") == .unknown("c"))
    }

    @Test func `without a definition nobody knows of a terminal`() {
        #expect(TerminalChoice(of: Self.run([.running, .running, .running]), nil, named: "a") == .absent)
    }
}
