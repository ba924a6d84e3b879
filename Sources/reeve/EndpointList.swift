import ArgumentParser
import JSON

/// `reeve endpoint ls`
struct EndpointList: Command {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the endpoints.",
        discussion: """
            In a pipe an endpoint is a line, with tabs between name, state, pending, dead letters, the oldest \
            undelivered, last answer and address.

            EXAMPLES:
              reeve endpoint ls
            """
    )

    @OptionGroup var options: GlobalOptions

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.list("endpoint.list", [:], "endpoints")
        if session.printJSON(answer) { return }
        let table = Self.table(answer["endpoints"]?.array ?? [], session.times)
        session.print(table, ifEmpty: "no endpoints; add one with: reeve endpoint add NAME URL")
    }

    static func table(_ endpoints: [JSON], _ times: TimeText) -> Table {
        var table = Table("ENDPOINT", "STATE", "PENDING", "DEAD", "OLDEST", "LAST ANSWER", "URL")
        for endpoint in endpoints {
            let state = endpoint["state"]?.string
            let isAnswerGood = endpoint["lastAnswer"]?.string?.hasPrefix("2") == true
            table.add(
                Table.Cell(endpoint["name"]?.string, .strong),
                Table.Cell(state, style(state)),
                Table.Cell(endpoint["pending"]?.integer.map(String.init)),
                Table.Cell(
                    endpoint["deadLetters"]?.integer.map(String.init),
                    endpoint["deadLetters"]?.integer ?? 0 > 0 ? .failure : .plain
                ),
                Table.Cell(times.terminal.isTerminal ? times.distance(endpoint, "oldest") : endpoint["oldest"]?.string),
                Table.Cell(endpoint["lastAnswer"]?.string, isAnswerGood ? .plain : .caution),
                Table.Cell(url(endpoint["url"]))
            )
        }
        return table
    }

    private static func style(_ state: String?) -> Style {
        switch state {
        case "unavailable", "paused", "opened": .failure
        case "waiting", "backingOff": .caution
        default: .plain
        }
    }

    static func url(_ url: JSON?) -> String? {
        url?.string ?? url.flatMap { $0 == .null ? nil : $0.text }
    }
}
