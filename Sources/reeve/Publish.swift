import ArgumentParser
import JSON

/// `reeve publish`
struct Publish: Command {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Publish an event. It is durable when the command ends.",
        discussion: """
            Prints the agent's id of the event and its number. DATA is JSON; "-" reads it from standard input. Events \
            of one subject are delivered in order. The same --id again is told and not delivered twice.

            EXAMPLES:
              reeve publish --type com.example.paid --subject order/17 '{"sum": 250}'
              echo '{"sum": 250}' | reeve publish --type com.example.paid --id paid-17 -
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(help: ArgumentHelp("What happened: com.example.order.paid.", valueName: "type"))
    var type: String

    @Option(help: ArgumentHelp("What it happened to.", valueName: "subject"))
    var subject: String?

    @Option(help: ArgumentHelp("Your own id of it, by which repeats are known.", valueName: "id"))
    var id: String?

    @Argument(help: "JSON, or - for standard input.")
    var data: String?

    func perform() async throws {
        var event: JSONObject = ["type": .string(type)]
        event["subject"] = subject.map(JSON.string)
        event["id"] = id.map(JSON.string)
        event["data"] = try data.map { try Self.json($0 == "-" ? try Standard.read() : $0) }
        let session = try await Session.open(options)
        let answer = try await session.call("event.publish", ["events": [.object(event)]])
        if session.printJSON(answer) { return }
        guard let receipt = answer["events"]?.array?.first else { return }
        Standard.print("\(receipt["id"]?.string ?? "")\t\(receipt["seq"]?.integer ?? 0)")
        if receipt["duplicate"]?.bool == true { Standard.say("it was published before") }
    }

    private static func json(_ text: String) throws -> JSON {
        do {
            return try JSON(parsing: text)
        } catch {
            throw CommandFailure(
                .usage,
                "the data is not JSON: \(error)",
                hint: "a plain text is written with its quotes: '\(JSON.string(text).text)'"
            )
        }
    }
}
