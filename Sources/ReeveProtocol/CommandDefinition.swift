package import JSON

/// What a process is started from, whoever asks for it: a step, a service, a probe.
package struct CommandDefinition: Sendable, Hashable {
    /// The program and its arguments, never through a shell.
    package var command: [String]?
    /// A text, run by its `#!` line, else by `/bin/sh -e`.
    package var script: String?
    /// By name or number; the agent's own if absent.
    package var user: String?
    package var environment: [String: ConfiguredValue]?
    /// The user's home if absent.
    package var workingDirectory: String?
    package var limits: LimitsDefinition?
    /// By name or number, in the place of all but the first of its user's.
    package var groups: [String]?
    /// `0022` if absent.
    package var umask: FileMask?
    /// -20 (first) to 19 (last); the agent's if absent.
    package var nice: Int?
    /// `/dev/null` if absent.
    package var input: InputDefinition?
    /// In the place of its standard streams.
    package var terminal: TerminalDefinition?

    package init(
        command: [String]? = nil,
        script: String? = nil,
        user: String? = nil,
        environment: [String: ConfiguredValue]? = nil,
        workingDirectory: String? = nil,
        limits: LimitsDefinition? = nil,
        groups: [String]? = nil,
        umask: FileMask? = nil,
        nice: Int? = nil,
        input: InputDefinition? = nil,
        terminal: TerminalDefinition? = nil
    ) {
        self.command = command
        self.script = script
        self.user = user
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.limits = limits
        self.groups = groups
        self.umask = umask
        self.nice = nice
        self.input = input
        self.terminal = terminal
    }

    /// What can never be valid; paths are those of a step or a service.
    package func problems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        if (command == nil) == (script == nil) {
            problems.append(
                InvalidValue(
                    path: "",
                    reason: command == nil ? "says nothing to run" : "has command and script",
                    expected: "either command or script"
                )
            )
        }
        return problems + commandProblems() + scriptProblems() + Self.environmentProblems(environment)
            + Self.directoryProblems(workingDirectory) + (limits?.problems() ?? []) + Self.groupProblems(groups)
            + rangeProblems(nice, Self.niceRange, at: "/nice") + (input?.problems() ?? [])
    }

    func commandProblems() -> [InvalidValue] {
        guard let command else { return [] }
        guard let program = command.first, !program.isEmpty else {
            return [
                InvalidValue(
                    path: "/command",
                    reason: "names no program",
                    expected: "a list: the program, its arguments"
                )
            ]
        }
        return command.enumerated().filter { $0.element.contains("\0") }.map { index, _ in
            InvalidValue(path: "/command/\(index)", reason: "contains a NUL character")
        }
    }

    func scriptProblems() -> [InvalidValue] {
        guard let script else { return [] }
        if script.isEmpty { return [InvalidValue(path: "/script", reason: "is empty")] }
        return script.utf8.contains(0) ? [InvalidValue(path: "/script", reason: "contains a NUL character")] : []
    }

    static func environmentProblems(_ environment: [String: ConfiguredValue]?) -> [InvalidValue] {
        (environment ?? [:]).sorted { $0.key < $1.key }.compactMap { name, value in
            let path = "/environment/" + InvalidValue.escaped(name)
            if name.isEmpty || name.contains("=") || name.contains("\0") {
                return InvalidValue(path: path, reason: "is not a name that an environment can hold")
            }
            if case .literal(let text) = value, text.contains("\0") {
                return InvalidValue(path: path, reason: "contains a NUL character")
            }
            return value.isGenerated ? InvalidValue(path: path, reason: "cannot be generated") : nil
        }
    }

    static let niceRange = -20...19

    static func groupProblems(_ groups: [String]?) -> [InvalidValue] {
        (groups ?? []).enumerated().filter { $0.element.isEmpty || $0.element.contains("\0") }.map { index, _ in
            InvalidValue(path: "/groups/\(index)", reason: "is no name of a group", expected: "a name or a number")
        }
    }

    static func directoryProblems(_ directory: String?) -> [InvalidValue] {
        guard let directory, !directory.hasPrefix("/") || directory.utf8.contains(0) else { return [] }
        return [
            InvalidValue(
                path: "/workingDirectory",
                reason: "\"\(directory)\" is no absolute path",
                expected: "a path that begins with /"
            )
        ]
    }
}

extension StepDefinition {
    package var commandDefinition: CommandDefinition {
        CommandDefinition(
            command: command,
            script: script,
            user: user,
            environment: environment,
            workingDirectory: workingDirectory,
            limits: limits,
            groups: groups,
            umask: umask,
            nice: nice,
            input: input,
            terminal: terminal
        )
    }
}
