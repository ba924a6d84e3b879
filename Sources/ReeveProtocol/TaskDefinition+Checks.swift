package import JSON

extension TaskDefinition {
    /// The steps in the order in which they stand; `command` and `script` at the task's level are one step named `main`.
    package var effectiveSteps: [StepDefinition] {
        if let steps { return steps.map(withDefaults) }
        var step = StepDefinition(name: "main", command: command)
        step.script = script
        return [withDefaults(step)]
    }

    /// A run's record, and each change of it, tells of all its steps.
    package static let mostSteps = 100

    private func withDefaults(_ step: StepDefinition) -> StepDefinition {
        var step = step
        step.user = step.user ?? user
        step.workingDirectory = step.workingDirectory ?? workingDirectory
        step.limits = step.limits ?? limits
        step.groups = step.groups ?? groups
        step.umask = step.umask ?? umask
        step.nice = step.nice ?? nice
        step.stop = step.stop ?? stop
        step.environment = (environment ?? [:]).merging(step.environment ?? [:]) { _, own in own }
        return step
    }

    /// Everything in the task that can never be valid, apart from its schedule; empty for a good task.
    ///
    /// Paths are JSON Pointers from the task.
    package func problems() -> [InvalidValue] {
        var problems = nameProblems(id, "is not a task id", longest: 128, at: "/id")
        if let revision, revision < 1 {
            problems.append(InvalidValue(path: "/revision", reason: "must be at least 1, not \(revision)"))
        }
        problems += contentProblems() + requirementProblems() + parameterProblems() + attachmentProblems()
        problems += (steps ?? []).enumerated().flatMap { index, step in
            step.problems().map { $0.below("/steps/\(index)") }
        }
        if steps == nil { problems += CommandDefinition.environmentProblems(environment) }
        problems += limits?.problems() ?? []
        problems +=
            CommandDefinition.groupProblems(groups) + rangeProblems(nice, CommandDefinition.niceRange, at: "/nice")
        problems += stop?.problems() ?? []
        problems += retry?.problems() ?? []
        problems += group.map { GroupDefinition.nameProblems($0, "/group") } ?? []
        problems += CommandDefinition.directoryProblems(workingDirectory)
        problems += positive(startBy, "/startBy") + positive(timeout, "/timeout")
        problems += positive(queueTimeout, "/queueTimeout")
        problems += rangeProblems(priority, -100...100, at: "/priority")
        problems += runner.map(problems(withRunner:)) ?? []
        problems += unit?.problems().map { $0.below("/unit") } ?? []
        return problems
    }

    /// What a task cannot have if its runs become processes in this way: where it does not say so itself, in the one that
    /// the configuration says.
    package func problems(withRunner runner: RunnerKind) -> [InvalidValue] {
        let expected = "runner: systemd"
        switch runner {
        case .process:
            let survival = InvalidValue(
                path: "/onAgentStop",
                reason: "cannot be \"survive\": processes of the agent's own end with it",
                expected: "wait, stop, or \(expected)"
            )
            let unit = InvalidValue(
                path: "/unit",
                reason: "is for runs that are units of systemd",
                expected: "\(expected), or no unit"
            )
            return (onAgentStop == .survive ? [survival] : []) + (self.unit == nil ? [] : [unit])
        case .systemd:
            // Its processes have all groups of their user, whatever else they are given.
            let given =
                [groups == nil ? nil : "/groups"]
                + (steps ?? []).enumerated().map { $1.groups == nil ? nil : "/steps/\($0)/groups" }
            let groups = given.compactMap(\.self).map {
                InvalidValue(
                    path: $0,
                    reason: "cannot be chosen where systemd runs the task",
                    expected: "runner: process, or no groups"
                )
            }
            return groups
                + effectiveSteps.enumerated().flatMap { index, step in
                    step.problemsWithSystemd().map { steps == nil ? $0 : $0.below("/steps/\(index)") }
                }
        }
    }

    private func contentProblems() -> [InvalidValue] {
        let given = [steps == nil ? nil : "steps", command == nil ? nil : "command", script == nil ? nil : "script"]
            .compactMap { $0 }
        guard given.count == 1 else {
            return [
                InvalidValue(
                    path: "",
                    reason: given.isEmpty
                        ? "says nothing to run" : "has \(given.joined(separator: " and ")), but only one may be given",
                    expected: "one of command, script, steps"
                )
            ]
        }
        if let steps, !(1...Self.mostSteps).contains(steps.count) {
            let reason = steps.isEmpty ? "must have at least one step" : "has \(steps.count) steps"
            return [InvalidValue(path: "/steps", reason: reason, expected: "1 to \(Self.mostSteps) steps")]
        }
        var seen: Set<String> = []
        let repeated = (steps ?? []).enumerated().filter { !seen.insert($0.element.name).inserted }
        let command = CommandDefinition(command: command, script: script)
        return command.commandProblems() + command.scriptProblems() + StepGraph(steps ?? []).problems()
            + repeated.map { index, step in
                InvalidValue(path: "/steps/\(index)/name", reason: "\"\(step.name)\" names an earlier step already")
            }
    }

    private func requirementProblems() -> [InvalidValue] {
        (requires ?? []).enumerated().flatMap { index, requirement -> [InvalidValue] in
            let path = "/requires/\(index)"
            guard requirement.service != nil else {
                return [
                    InvalidValue(
                        path: path,
                        reason: "a task can require services only",
                        expected: "{\"service\": NAME, \"condition\": …}"
                    )
                ]
            }
            return requirement.problems(at: path)
        }
    }
}

extension StepDefinition {
    fileprivate func problems() -> [InvalidValue] {
        var problems = nameProblems(name, "is not a step's name", longest: 64, at: "/name")
        problems += commandDefinition.problems()
        problems += stop?.problems() ?? []
        problems += positive(timeout, "/timeout")
        problems += ready?.problems() ?? []
        problems += probe?.problems() ?? []
        problems += retry?.problems() ?? []
        problems += terminal?.problems(at: "/terminal") ?? []
        if terminal != nil, input != nil {
            problems.append(
                InvalidValue(path: "/input", reason: "is not read by a step that has a terminal", hint: "leave one out")
            )
        }
        return problems
    }
}

extension StepDefinition {
    fileprivate func problemsWithSystemd() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        // systemd would open it as itself, and so what the user may not read.
        if case .file = input {
            problems.append(
                InvalidValue(
                    path: "/input",
                    reason: "cannot be a file where systemd runs the task",
                    expected: "a text, or a script that reads the file"
                )
            )
        }
        if terminal != nil {
            problems.append(
                InvalidValue(
                    path: "/terminal",
                    reason: "cannot be had where systemd runs the task",
                    expected: "runner: process, or no terminal"
                )
            )
        }
        return problems
    }
}

extension StopDefinition {
    /// The signals that a stop may begin with, by name, as they are numbered on Linux.
    package static let signals: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15, "CONT": 18, "WINCH": 28,
    ]

    /// The number of its signal, SIGTERM's without one.
    package var signalNumber: Int32 { Self.signals[signal ?? "TERM"] ?? 15 }

    func problems() -> [InvalidValue] { Self.problems(ofSignal: signal, at: "/stop/signal") }

    package static func problems(ofSignal signal: String?, at path: String) -> [InvalidValue] {
        guard let signal, signals[signal] == nil else { return [] }
        let known = signals.keys.sorted()
        return [
            InvalidValue(
                path: path,
                reason: "\"\(signal)\" is not a signal that a stop can begin with",
                expected: known.joined(separator: ", "),
                hint: nearest(signal.uppercased(), among: known).map { "did you mean \"\($0)\"?" }
            )
        ]
    }
}

func positive(_ interval: Interval?, _ path: String) -> [InvalidValue] {
    guard let interval, interval.milliseconds <= 0 else { return [] }
    return [InvalidValue(path: path, reason: "must be longer than 0")]
}

func unsupported(_ fields: [(path: String, value: UnsupportedField?)]) -> [InvalidValue] {
    fields.filter { $0.value != nil }.map { path, _ in
        InvalidValue(path: path, reason: "is not supported by this version of reeve", hint: "leave it out")
    }
}
