import ArgumentParser

/// `reeve dead-letters retry`
struct DeadLetterRetry: Command {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Have dead letters tried again.",
        discussion: """
            Each goes when its lane is free, and says that it came before. What is refused again is a dead letter again.

            EXAMPLES:
              reeve dead-letters retry ops/1042
              reeve dead-letters retry --endpoint ops --type 'order.*'
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: DeadLetterOptions

    @Argument(help: "Which; without one, all that the options say.")
    var ids: [String] = []

    func perform() async throws {
        try await selection.change("deadLetter.retry", ids, options, "tried again")
    }
}
