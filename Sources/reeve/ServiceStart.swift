import ArgumentParser

/// `reeve service start`
struct ServiceStart: Command {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start services that were stopped or have failed.",
        discussion: """
            Waits until they are ready, and ends with 1 if one is not. What they require is not started with them.

            EXAMPLES:
              reeve service start web
              reeve service start db web --wait 2m
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var patience: ServicePatience

    @Argument(help: "The services.", completion: .service)
    var names: [String]

    @Option(help: ArgumentHelp("Why, for who looks.", valueName: "text"))
    var reason: String?

    func perform() async throws {
        let session = try await Session.open(options)
        try await ServiceOrders(session: session, patience: patience, done: nil)
            .perform("start", names, reason: reason)
    }
}
