import ArgumentParser
import JSON

/// `reeve service why`
struct ServiceWhy: Command {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a service is as it is, and what it waits for.",
        discussion: """
            A sentence on the service, then one on each thing that it waits for.

            EXAMPLES:
              reeve service why web
              reeve service why web --json | jq -r .summary
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A service.", completion: .service)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("service.why", ["service": .string(name)])
        if !session.printJSON(answer) { Standard.print(Explanation(answer).text(session)) }
    }
}
