import ArgumentParser

/// `reeve service why`
struct ServiceWhy: Command {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a service is as it is, and what it waits for.",
        discussion: """
            A sentence on the service, then one on each thing that it waits for.

            EXAMPLES:
              reeve service why web
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The service.", completion: .service)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        try await Explanation(session: session).print(name, of: [.service])
    }
}
