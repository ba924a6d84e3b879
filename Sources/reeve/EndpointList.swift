import ArgumentParser
import JSON

/// `reeve endpoint ls`
struct EndpointList: Command {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the endpoints.",
        discussion: """
            In a pipe an endpoint is a line, with tabs between name, kind, state, pending, in flight, dead letters, the \
            oldest undelivered, delivered, retries, last answer and place. Delivered and retries are counted since the \
            part of the agent that delivers began.

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
        var table = Table(
            "ENDPOINT",
            "KIND",
            "STATE",
            "PENDING",
            "IN FLIGHT",
            "DEAD",
            "OLDEST",
            "DELIVERED",
            "RETRIES",
            "LAST ANSWER",
            "PLACE"
        )
        for endpoint in endpoints {
            let state = endpoint["state"]?.string
            let isMuted = endpoint["muted"]?.object != nil
            let isAnswerGood = endpoint["lastAnswer"]?.string?.hasPrefix("2") == true
            table.add(
                Table.Cell(endpoint["name"]?.string, .strong),
                Table.Cell(endpoint["kind"]?.string),
                Table.Cell(isMuted ? "\(state ?? ""), muted" : state, isMuted ? .caution : style(state)),
                number(endpoint, "pending"),
                number(endpoint, "inFlight"),
                Table.Cell(
                    endpoint["deadLetters"]?.integer.map(String.init),
                    endpoint["deadLetters"]?.integer ?? 0 > 0 ? .failure : .plain
                ),
                Table.Cell(times.terminal.isTerminal ? times.distance(endpoint, "oldest") : endpoint["oldest"]?.string),
                number(endpoint, "delivered"),
                number(endpoint, "retries"),
                Table.Cell(endpoint["lastAnswer"]?.string.map { Table.cut($0, 40) }, isAnswerGood ? .plain : .caution),
                Table.Cell(place(endpoint))
            )
        }
        return table
    }

    private static func number(_ endpoint: JSON, _ name: String) -> Table.Cell {
        Table.Cell(endpoint[name]?.integer.map(String.init))
    }

    static func style(_ state: String?) -> Style {
        switch state {
        case "unavailable", "down": .failure
        case "paused": .caution
        default: .plain
        }
    }

    /// Where it is: an address, a path, or what is run.
    private static func place(_ endpoint: JSON) -> String? {
        if let command = endpoint["command"]?.array { return command.compactMap(\.string).joined(separator: " ") }
        guard let place = endpoint["path"] ?? endpoint["url"], place != .null else { return nil }
        return place.string ?? place.text
    }
}
