import ArgumentParser
import ReeveProtocol

/// `reeve service stop`
struct ServiceStop: Command {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop services until they are started by hand. What requires them stops too.",
        discussion: """
            They are asked to end, and killed after their grace. Waits until nothing of them runs.

            EXAMPLES:
              reeve service stop web
              reeve service stop web db --reason 'disk is being replaced'
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var arguments: ServiceOrderArguments

    func perform() async throws {
        let session = try await Session.open(options)
        try await ServiceOrders(session: session, patience: arguments.patience, done: nil, goal: .stopped)
            .perform("stop", arguments.names, reason: arguments.reason)
        let dependents = ServiceDependents(session: session)
        try await dependents.tell(of: arguments.names, haveGone: !arguments.patience.detach)
    }
}
