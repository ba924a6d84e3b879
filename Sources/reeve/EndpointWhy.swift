import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve endpoint why`
struct EndpointWhy: Command {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say what an endpoint waits for, or why it stood as it did at a time in the past.",
        discussion: """
            A sentence on the endpoint, then one on each thing that it waits for and on what is to be known beside.

            EXAMPLES:
              reeve endpoint why ops
              reeve endpoint why ops --at 3h
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var past: PastOptions

    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.callInZone("endpoint.why", try past.parameters(naming: name))
        if !session.printJSON(answer) { Standard.print(Explanation(answer).text(session)) }
    }
}

/// The time that is asked about.
struct PastOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How an endpoint stood then: a time, or how long ago.", valueName: "time"))
    var at: String?

    func parameters(naming endpoint: String) throws -> JSONObject {
        var parameters: JSONObject = ["endpoint": .string(endpoint)]
        parameters["at"] = try TimeText.past(at, "--at")
        return parameters
    }
}
