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
    @OptionGroup var arguments: ServiceOrderArguments

    func perform() async throws {
        let session = try await Session.open(options)
        try await ServiceOrders(session: session, patience: arguments.patience, done: nil)
            .perform("start", arguments.names, reason: arguments.reason)
    }
}
