import ArgumentParser
import JSON

/// One call of `reeve`: reads its arguments, does what they say, and says how it ended.
struct Invocation {
    private let arguments: [String]

    init(_ arguments: [String]) {
        self.arguments = arguments
    }

    /// - Returns: The exit code.
    func perform() async -> Int32 {
        do {
            try await Self.perform(try parse())
            return ExitCodes.done
        } catch let status as ExitStatus {
            return status.code
        } catch let error as any ReportableError {
            return report(error.failure)
        } catch {
            return reportParsing(error)
        }
    }

    private static func perform(_ parsed: any ParsableCommand) async throws {
        if let command = parsed as? any Command {
            try await command.perform()
        } else {
            // A group without one of its commands, or the built-in help: what they do is to print.
            var group = parsed
            try group.run()
        }
    }

    private func parse() throws -> any ParsableCommand {
        if let name = Self.commandName(in: arguments), !Reeve.commandNames.contains(name) {
            throw CommandFailure(
                .usage,
                "there is no command \"\(name)\"",
                hint: nearest(name, among: Reeve.commandNames).map { "did you mean \"reeve \($0)\"?" }
                    ?? "reeve --help lists the commands"
            )
        }
        if let (group, name, names) = Self.unknownSubcommand(in: arguments) {
            throw CommandFailure(
                .usage,
                "there is no command \"\(group) \(name)\"",
                hint: nearest(name, among: names).map { "did you mean \"reeve \(group) \($0)\"?" }
                    ?? "reeve \(group) --help lists the commands"
            )
        }
        return try Reeve.parseAsRoot(arguments)
    }

    /// The word right behind that of a group, if it is none of the group's commands.
    static func unknownSubcommand(in arguments: [String]) -> (group: String, name: String, names: [String])? {
        guard let word = commandName(in: arguments), let group = Reeve.group(word),
            let index = arguments.firstIndex(of: word), let name = arguments[(index + 1)...].first,
            !name.hasPrefix("-")
        else { return nil }
        let names = group.configuration.subcommands.map { $0._commandName }
        return names.contains(name) || name == "help" ? nil : (word, name, names)
    }

    /// The first argument that is neither an option nor the value of one that stands before commands.
    static func commandName(in arguments: [String]) -> String? {
        var rest = arguments[...]
        while let first = rest.popFirst() {
            if first == "--socket" {
                rest = rest.dropFirst()
            } else if !first.hasPrefix("-") {
                return first
            }
        }
        return nil
    }

    private var wantsJSON: Bool { arguments.prefix { $0 != "--" }.contains("--json") }

    /// Where the code is the command's own, all of reeve's own trouble is one number apart from it.
    private func code(_ kind: CommandFailure.Kind) -> Int32 {
        let isCommands = ["run", "retry", "wait"].contains(Self.commandName(in: arguments))
        return isCommands ? ExitCodes.ownTrouble : kind.exitCode
    }

    private func report(_ failure: CommandFailure) -> Int32 {
        let styled = Terminal.standardError.isStyled
        Standard.say(wantsJSON ? failure.json.text : failure.text(styled: styled))
        return code(failure.kind)
    }

    /// Errors of the parser are usage errors, but for those that only print help or a version.
    private func reportParsing(_ error: any Error) -> Int32 {
        guard !Reeve.exitCode(for: error).isSuccess else {
            Standard.print(Reeve.fullMessage(for: error))
            return ExitCodes.done
        }
        if wantsJSON { return report(CommandFailure(.usage, Reeve.message(for: error))) }
        Standard.say(Reeve.fullMessage(for: error))
        return code(.usage)
    }
}
