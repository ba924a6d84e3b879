import ArgumentParser
import JSON
import YAML

/// `reeve events show`
struct EventsShow: Command {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show an event, and how far each endpoint is with it.",
        discussion: """
            EXAMPLES:
              reeve events show 1042
              reeve events show --json 1042 | jq .event.data
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "Its number, or its id.")
    var id: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("event.get", ["event": .string(id)])
        if session.printJSON(answer) { return }
        Standard.print((answer["event"] ?? .null).yaml)
        var table = Table("ENDPOINT", "STATE", "ATTEMPTS", "NEXT TRY", "LAST ANSWER")
        for endpoint in answer["endpoints"]?.array ?? [] {
            let state = endpoint["state"]?.string
            table.add(
                Table.Cell(endpoint["endpoint"]?.string, .strong),
                Table.Cell(state, Style.of(state)),
                Table.Cell(endpoint["attempts"]?.integer.map(String.init)),
                Table.Cell(session.times.time(endpoint, "nextTry")),
                Table.Cell(endpoint["lastAnswer"]?.string)
            )
        }
        guard !table.isEmpty else { return }
        Standard.print("\n" + table.text(session.terminal))
    }
}
