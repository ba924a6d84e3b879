import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve flush`
struct Flush: Command {
    static let configuration = CommandConfiguration(
        commandName: "flush",
        abstract: "Wait until everything up to now is delivered to all endpoints.",
        discussion: """
            Ends with 1 if something is still undelivered at the deadline, and says where.
            Queues, from which consumers fetch, are not waited for.

            EXAMPLES:
              reeve flush
              reeve flush --deadline 5m
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(help: ArgumentHelp("How long to wait (default: 30s).", valueName: "duration"))
    var deadline: Interval?

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters = JSONObject()
        parameters["deadline"] = deadline.map { .string($0.description) }
        let answer = try await session.call("agent.flush", parameters)
        let isDelivered = answer["delivered"]?.bool == true
        if !session.printJSON(answer) {
            var table = Table("ENDPOINT", "PENDING", "OLDEST")
            for endpoint in answer["endpoints"]?.array ?? [] {
                table.add(
                    Table.Cell(endpoint["name"]?.string, .strong),
                    Table.Cell(endpoint["pending"]?.integer.map(String.init)),
                    Table.Cell(session.times.time(endpoint, "oldest"))
                )
            }
            session.print(table, ifEmpty: "there are no endpoints")
            Standard.say(isDelivered ? "all is delivered" : "reeve: not all is delivered")
        }
        if !isDelivered { throw ExitStatus(ExitCodes.refused) }
    }
}
