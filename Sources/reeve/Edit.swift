import ArgumentParser

/// `reeve edit`
struct Edit: Command {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change a task in your editor.",
        discussion: """
            Opens the task as YAML in $VISUAL, else $EDITOR, else vi. What is saved is put; what the agent refuses can \
            be edited again. If somebody changed the task meanwhile, nothing is put.

            EXAMPLES:
              reeve edit backup
              EDITOR=nano reeve edit backup
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The task to change.", completion: .task)
    var task: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await DefinitionEdit(kind: .task, name: task, session: session).perform()
        guard let answer, !session.printJSON(answer) else { return }
        await PutReport(session: session).tell(answer)
    }
}
