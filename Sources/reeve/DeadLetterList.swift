import ArgumentParser
import JSON

/// `reeve dead-letters ls`
struct DeadLetterList: Command {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List what endpoints did not take.",
        discussion: """
            In a pipe a dead letter is a line, with tabs between id, when it was given up, attempts, type, lane and \
            reason.

            EXAMPLES:
              reeve dead-letters ls
              reeve dead-letters ls --endpoint ops --since 2d
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: DeadLetterOptions

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.list("deadLetter.list", try selection.parameters(), "deadLetters")
        if session.printJSON(answer) { return }
        var table = Table("ID", "GIVEN UP", "TRIES", "TYPE", "LANE", "REASON")
        for letter in answer["deadLetters"]?.array ?? [] {
            let isHeld = letter["held"]?.bool == true
            table.add(
                Table.Cell(letter["id"]?.string, .strong),
                Table.Cell(session.times.time(letter, "at")),
                Table.Cell(letter["attempts"]?.integer.map(String.init)),
                Table.Cell(letter["type"]?.string),
                Table.Cell(letter["lane"]?.string),
                Table.Cell(Self.reason(letter), isHeld ? .failure : .caution)
            )
        }
        session.print(table, ifEmpty: "no dead letters")
    }

    private static func reason(_ letter: JSON) -> String {
        let reason = letter["reason"]?.string ?? ""
        if let wanted = letter["wanted"]?.string {
            return "(\(wanted == "drop" ? "is dropped" : "is retried")) \(reason)"
        }
        if let range = letter["range"] {
            return "\(range["count"]?.integer ?? 0) from \(range["from"]?.integer ?? 0) on: \(reason)"
        }
        return letter["held"]?.bool == true ? "(held) \(reason)" : reason
    }
}
