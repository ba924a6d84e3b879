import ArgumentParser

/// `reeve endpoint edit`
struct EndpointEdit: Command {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change an endpoint in your editor.",
        discussion: """
            Opens the endpoint as YAML in $VISUAL, else $EDITOR, else vi. What is saved is put; what the agent refuses can \
            be edited again. Secret values are shown as …, and stay as they are where that is left.

            EXAMPLES:
              reeve endpoint edit ops
              EDITOR=nano reeve endpoint edit ops
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint to change.", completion: .endpoint)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await DefinitionEdit(kind: .endpoint, name: name, session: session).perform()
        guard let answer, !session.printJSON(answer) else { return }
        EndpointReport(name: name, answer: answer).tellChange()
    }
}
