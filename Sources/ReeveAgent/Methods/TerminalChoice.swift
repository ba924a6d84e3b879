import ReeveProtocol

/// Whose terminal is typed on, or gets another size: that of the step that is named, or else of the only one that has one
/// and runs.
enum TerminalChoice: Equatable {
    case step(RunStep)
    /// The run has no step of the name that was given.
    case unknown(String)
    /// None that may be meant has a terminal and runs.
    case absent
    /// It has to be said which of these.
    case several([String])

    /// - Parameter definition: That of the run's task, as it was when the run was made; `nil` if it is not known any more.
    init(of run: Run, _ definition: TaskDefinition?, named name: String?) {
        if let name, !run.steps.contains(where: { $0.name == name }) {
            self = .unknown(name)
            return
        }
        let having = Set((definition?.effectiveSteps ?? []).filter { $0.terminal != nil }.map(\.name))
        let running = run.steps.filter { step in
            having.contains(step.name) && (name == nil || name == step.name)
                && (step.status == .running || step.status == .stopping)
        }
        switch running.count {
        case 0: self = .absent
        case 1: self = .step(running[0])
        default: self = .several(running.map(\.name))
        }
    }
}
