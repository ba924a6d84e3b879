import ArgumentParser
import JSON

/// `reeve why`, and `reeve service why`
struct Why: Command {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a service is as it is, and what it waits for.",
        discussion: """
            A sentence on the service, then one on each thing that it waits for.

            EXAMPLES:
              reeve why web
              reeve why web --json | jq -r .summary
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A service.", completion: .service)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("service.why", ["service": .string(name)])
        if !session.printJSON(answer) { Standard.print(text(answer, session)) }
    }

    /// A sentence on a line: the service itself, then what it waits for.
    private func text(_ answer: JSON, _ session: Session) -> String {
        let terminal = session.terminal
        let reasons = (answer["reasons"]?.array ?? []).compactMap(\.string).map(Table.clean)
        let lines = reasons.enumerated().map { index, reason in
            guard terminal.isTerminal else { return reason }
            return index == 0 ? Style.strong.applied(to: reason, terminal.isStyled) : "  " + reason
        }
        let next = terminal.isTerminal ? session.times.distance(answer, "nextTry").map { "  next try \($0)" } : nil
        return (lines + [next].compactMap(\.self)).joined(separator: "\n")
    }
}
