import ArgumentParser

/// `reeve service restart`
struct ServiceRestart: Command {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "End services and start them anew. What requires them follows.",
        discussion: """
            Waits until they are ready, and ends with 1 if one is not.

            EXAMPLES:
              reeve service restart web
              reeve service restart web --reason 'new certificate' --detach
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
        try await ServiceOrders(session: session, patience: patience, done: "restarted")
            .perform("restart", names, reason: reason)
    }
}
