import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve endpoint rm`
struct EndpointRemove: Command {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove an endpoint, and what is not delivered to it yet.",
        discussion: """
            EXAMPLES:
              reeve flush && reeve endpoint rm ops
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("endpoint.remove", ["endpoint": .string(name)])
        if session.printJSON(answer) { return }
        let undelivered = answer["undelivered"]?.integer ?? 0
        let lost = undelivered.counted("change was", "changes were")
        Standard.say("\(name): removed" + (undelivered > 0 ? ", \(lost) not delivered" : ""))
    }
}
