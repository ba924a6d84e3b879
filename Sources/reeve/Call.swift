import ArgumentParser
import JSON
import JSONRPC

/// `reeve call`
struct Call: Command {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Call a method of the agent's JSON-RPC.",
        discussion: """
            Prints the result as JSON. "rpc.discover" describes all methods.

            EXAMPLES:
              reeve call agent.ping
              reeve call task.get '{"task": "backup"}'
              reeve call rpc.discover | jq -r '.methods[].name'
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The method.")
    var method: String

    @Argument(
        help: ArgumentHelp("Its parameters: an object or an array, or - for standard input.", valueName: "params")
    )
    var parameters: String?

    func perform() async throws {
        let json = try parameters.map { text in
            do {
                return try JSON(parsing: text == "-" ? try Standard.read() : text)
            } catch let error as JSONSyntaxError {
                throw CommandFailure(.usage, "the parameters are not JSON: \(error)")
            }
        }
        switch json {
        case nil, .object, .array: break
        default: throw CommandFailure(.usage, "the parameters must be an object or an array")
        }
        let session = try await Session.open(options)
        let answer = try await session.client.call(method, json)
        Standard.print(session.terminal.isTerminal ? answer.pretty : answer.text)
    }
}
