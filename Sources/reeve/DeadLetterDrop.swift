import ArgumentParser

/// `reeve dead-letters drop`
struct DeadLetterDrop: Command {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Drop dead letters: they are gone.",
        discussion: """
            A lane that is held goes on without what is dropped.

            EXAMPLES:
              reeve dead-letters drop ops/1042
              reeve dead-letters drop --endpoint ops --until 30d
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: DeadLetterOptions

    @Argument(help: "Which; without one, all that the options say.")
    var ids: [String] = []

    func perform() async throws {
        try await selection.change("deadLetter.drop", ids, options, "dropped")
    }
}
