import ArgumentParser
import JSON
import YAML

/// `reeve dead-letters show`
struct DeadLetterShow: Command {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a dead letter with its event.",
        discussion: """
            EXAMPLES:
              reeve dead-letters show ops/1042
              reeve dead-letters show --json ops/1042 | jq .event
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint and the number.")
    var id: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("deadLetter.get", ["id": .string(id)])
        if session.printJSON(answer) { return }
        Standard.print(answer.yaml)
    }
}
