import ArgumentParser

/// `reeve service edit`
struct ServiceEdit: Command {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change a service in your editor.",
        discussion: """
            Opens the service as YAML in $VISUAL, else $EDITOR, else vi. What is saved is put, and what runs is started \
            anew where the change needs it. What the agent refuses can be edited again. If somebody changed the service \
            meanwhile, nothing is put.

            EXAMPLES:
              reeve service edit web
              EDITOR=nano reeve service edit web
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup(title: "Waiting") var patience: ServicePatience

    @Argument(help: "The service to change.", completion: .service)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await DefinitionEdit(kind: .service, name: name, session: session).perform()
        guard let answer else { return }
        guard !patience.detach else {
            if !session.printJSON(answer) { Standard.say("\(name): changed") }
            return
        }
        try await ServiceOrders(session: session, patience: patience, done: "changed").wait([name])
    }
}
