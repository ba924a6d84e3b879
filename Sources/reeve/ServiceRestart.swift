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
    @OptionGroup var arguments: ServiceOrderArguments

    func perform() async throws {
        let session = try await Session.open(options)
        try await ServiceOrders(session: session, patience: arguments.patience, done: "restarted")
            .perform("restart", arguments.names, reason: arguments.reason)
    }
}
