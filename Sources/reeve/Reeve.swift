import ArgumentParser
import ReeveProtocol

/// `reeve` itself: without a command it shows the day.
struct Reeve: Command {
    static let version = ReeveProtocol.version

    static let configuration = CommandConfiguration(
        commandName: "reeve",
        abstract: "Runs a host's work when it is due, and shows what became of it.",
        discussion: """
            Without a command: what ran, what failed or is down, what was missed and what is due, with the command to \
            look closer.

            EXAMPLES:
              reeve run -- sleep 5
              reeve add backup --cron '0 3 * * *' -- /usr/bin/backup --all
              reeve next backup
              reeve run backup
              reeve runs --failed --since 2d
              reeve logs backup
              reeve service add beat -c 'while date; do sleep 5; done'
              reeve service logs -f beat

            A run is named by its task and number (backup/7), backup/-1 for the last, or its id.

            EXIT CODES: 0 done, 1 the agent said no, 2 usage, 3 no agent there, 4 not allowed to open its socket. \
            "run", "retry" and "wait" end with the command's own code.
            """,
        version: "reeve \(version)",
        groupedSubcommands: [
            CommandGroup(
                name: "Task",
                subcommands: [
                    Execute.self, Add.self, Edit.self, Apply.self, Check.self, Show.self, Remove.self, Pause.self,
                    Resume.self, GroupGroup.self, ImportGroup.self,
                ]
            ),
            CommandGroup(
                name: "Run",
                subcommands: [
                    List.self, Next.self, Timeline.self, Why.self, Processes.self, Runs.self, Logs.self, Stop.self,
                    Retry.self, Wait.self,
                ]
            ),
            CommandGroup(name: "Service", subcommands: [ServiceGroup.self]),
            CommandGroup(
                name: "Event",
                subcommands: [
                    Publish.self, Events.self, EndpointGroup.self, DeadLetterGroup.self, Flush.self,
                ]
            ),
            CommandGroup(
                name: "Agent",
                subcommands: [
                    Status.self, Top.self, Metrics.self, EngineTree.self, Reload.self, Call.self, Completions.self,
                ]
            ),
        ]
    )

    @OptionGroup var options: GlobalOptions

    /// The words that may come first.
    static let commandNames: [String] =
        configuration.groupedSubcommands.flatMap { $0.subcommands }.map { $0._commandName } + ["help"]

    /// The command of that name if it is nothing but a group of others.
    static func group(_ name: String) -> (any ParsableCommand.Type)? {
        for command in configuration.groupedSubcommands.flatMap({ $0.subcommands }) where command._commandName == name {
            return command is any Command.Type ? nil : command
        }
        return nil
    }

    func perform() async throws {
        try await Today(session: try await Session.open(options)).show()
    }
}
