import ArgumentParser

/// `reeve dead-letters`
struct DeadLetterGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "See what endpoints did not take, and have it tried again or dropped.",
        discussion: """
            A dead letter is named by its endpoint and number: ops/1042.

            EXAMPLES:
              reeve dead-letters ls
              reeve dead-letters show ops/1042
              reeve dead-letters retry --endpoint ops
              reeve dead-letters drop ops/1042
            """,
        subcommands: [DeadLetterList.self, DeadLetterShow.self, DeadLetterRetry.self, DeadLetterDrop.self]
    )
}
