import ArgumentParser
import JSON

/// `reeve engine`
struct EngineTree: Command {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Show the agent's parts, below what they need.",
        discussion: """
            Single lines lead from a part to what needs it, double lines to what runs inside it. In a pipe a part is a \
            line, with tabs between name, state, starts, since, inputs and error; one that runs inside another has both \
            names, as services/web. --restart restarts one; what needs it follows.

            EXAMPLES:
              reeve engine
              reeve engine --restart submitter
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(help: ArgumentHelp("Restart this part.", valueName: "name"))
    var restart: String?

    func perform() async throws {
        let session = try await Session.open(options)
        if let restart {
            let answer = try await session.call("engine.restart", ["name": .string(restart)])
            if !session.printJSON(answer) { Standard.say("\(restart): asked to restart") }
            return
        }
        let answer = try await session.call("engine.report")
        if session.printJSON(answer) { return }
        let tree = PartTree(answer)
        guard session.terminal.isTerminal else {
            Standard.print(tree.table(session.times).separated)
            return
        }
        Standard.print(tree.text(session.times, styled: session.terminal.isStyled))
        if let error = answer["error"]?.string { Standard.say("reeve: the engine: \(error)") }
    }
}
