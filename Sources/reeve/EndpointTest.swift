import ArgumentParser
import JSON

/// `reeve endpoint test`
struct EndpointTest: Command {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a test event to an endpoint, and show what it answers.",
        discussion: """
            Ends with 1 if it was not delivered.

            EXAMPLES:
              reeve endpoint test ops
              reeve endpoint test ops --type dev.reeve.run.failed
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The endpoint.", completion: .endpoint)
    var name: String

    @Option(help: ArgumentHelp("Ask its filter about this type.", valueName: "type"))
    var type: String?

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters: JSONObject = ["endpoint": .string(name)]
        parameters["type"] = type.map(JSON.string)
        let answer = try await session.call("endpoint.test", parameters)
        let isDelivered = answer["delivered"]?.bool == true
        if !session.printJSON(answer) { tell(answer, session, isDelivered) }
        if !isDelivered { throw ExitStatus(ExitCodes.refused) }
    }

    private func tell(_ answer: JSON, _ session: Session, _ isDelivered: Bool) {
        let duration = answer["duration"]?.string ?? "?"
        let status = answer["status"]?.integer.map { ", status \($0)" } ?? ""
        Standard.say("\(name): \(isDelivered ? "delivered" : "not delivered")\(status) after \(duration)")
        if type != nil, answer["filtered"]?.bool == true { Standard.say("  its filter would not take such an event") }
        for header in answer["headers"]?.object?.members ?? [] {
            Standard.print("\(header.name): \(Table.clean(header.value.string ?? ""))")
        }
        for line in (answer["body"]?.string ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
            Standard.print(Table.clean(String(line)))
        }
        if !isDelivered, let curl = answer["curl"]?.string, !curl.isEmpty {
            Standard.say("the same with curl:\n" + curl)
        }
    }
}
