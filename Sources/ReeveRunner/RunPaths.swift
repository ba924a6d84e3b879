package import ReeveProcess
package import ReeveProtocol

/// Where the files of runs are, and what their processes are called.
package struct RunPaths: Sendable {
    /// The agent's own folder: it must let other users pass through to reach their scripts.
    package var stateDirectory: String

    package init(stateDirectory: String) {
        self.stateDirectory = stateDirectory
    }

    package var outputDirectory: String { "\(stateDirectory)/output" }

    package func outputDirectory(ofRun run: String) -> String { "\(outputDirectory)/\(run)" }

    package func output(run: String, step: RunStep) -> String {
        "\(outputDirectory(ofRun: run))/\(step.name).\(step.attempt)"
    }

    var scriptsDirectory: String { "\(stateDirectory)/scripts" }

    func scriptDirectory(run: String, step: RunStep) -> String {
        "\(scriptsDirectory)/\(run).\(step.name).\(step.attempt)"
    }

    /// Not by names: the path of a socket must be short (unix(7)).
    func notifySocket(run: Run, step: RunStep) -> String {
        let place = run.steps.firstIndex { $0.name == step.name } ?? 0
        return "\(stateDirectory)/notify/\(run.id).\(place).\(step.attempt)"
    }

    package static func key(run: String, step: RunStep) -> ProcessKey {
        ProcessKey("\(run)/\(step.name)/\(step.attempt)")
    }
}
