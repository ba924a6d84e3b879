import ArgumentParser
import JSON

/// `reeve rm`
struct Remove: Command {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove tasks. Their runs stay in the history.",
        discussion: """
            EXAMPLES:
              reeve rm backup
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The tasks to remove.", completion: .task)
    var tasks: [String]

    func perform() async throws {
        let session = try await Session.open(options)
        for task in tasks {
            let answer = try await session.call("task.remove", ["task": .string(task)])
            if !session.printJSON(answer) { Standard.say("\(task): removed") }
        }
    }
}
