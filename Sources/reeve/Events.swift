import ArgumentParser

/// `reeve events`
struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show the journal: what happened and what was published.",
        discussion: """
            EXAMPLES:
              reeve events --since 1h
              reeve events -f --lane task:backup
              reeve events show 1042
            """,
        subcommands: [EventsList.self, EventsShow.self],
        defaultSubcommand: EventsList.self
    )
}
