import ArgumentParser
import JSON

/// `reeve dead-letters retry`
struct DeadLetterRetry: Command {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Have dead letters tried again.",
        discussion: """
            Each goes when its lane is free, and says that it came before. What is refused again is a dead letter again.

            EXAMPLES:
              reeve dead-letters retry ops/1042
              reeve dead-letters retry --endpoint ops --type 'order.*'
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: DeadLetterOptions

    @Argument(help: "Which; without one, all that the options say.")
    var ids: [String] = []

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("deadLetter.retry", try selection.parameters(naming: ids))
        if session.printJSON(answer) { return }
        let count = answer["count"]?.integer ?? 0
        Standard.say("\(count) dead letter\(count == 1 ? " is" : "s are") tried again")
    }
}

extension DeadLetterOptions {
    /// Some must be named: all of all endpoints are never meant.
    func parameters(naming ids: [String]) throws -> JSONObject {
        guard !ids.isEmpty || endpoint != nil else {
            throw ValidationError("Say which: ENDPOINT/NUMBER, or --endpoint for all of one.")
        }
        var parameters = try parameters()
        if !ids.isEmpty { parameters["ids"] = .array(ids.map(JSON.string)) }
        return parameters
    }
}
