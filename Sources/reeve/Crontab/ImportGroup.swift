import ArgumentParser

/// `reeve import`
struct ImportGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over what another program has.",
        discussion: """
            EXAMPLES:
              reeve import crontab > tasks.yaml
              reeve import crontab --apply
            """,
        subcommands: [ImportCrontab.self]
    )
}
