import ArgumentParser
import JSON

/// `reeve retry`
struct Retry: Command {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Try a run once more that did not succeed, and end as it does.",
        discussion: """
            It is another attempt of the same time, by the task as it is now. Where one is to follow by itself later, that \
            one begins at once. A task's name means its last run. Its output is passed on; interrupting stops it, \
            interrupting twice leaves it running.

            Ends with the command's own code, 128+n for a signal, 124 if it timed out, 125 for reeve's own trouble or \
            if it never ran, 126 and 127 if it was not executable or not found.

            EXAMPLES:
              reeve retry backup
              reeve retry -d backup/7
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag(name: [.customShort("d"), .long], help: "Do not wait: print the run's name and end.")
    var detach = false

    @Argument(help: "The run to try again.", completion: .task)
    var run: String

    func perform() async throws {
        let session = try await Session.open(options)
        let named = try await session.call("run.get", ["run": .string(RunName.resolved(run))])["run"] ?? .null
        // Not with patience: asked for twice it might be tried twice.
        let answer = try await session.call("run.retry", ["run": named["id"] ?? .null])
        let name = "\(named["task"]?.string ?? "?")/\(answer["number"]?.integer ?? 0)"
        guard !detach else {
            if !session.printJSON(answer) { Standard.print(name) }
            return
        }
        try await RunWatch(session: session, id: answer["run"]?.string ?? "", name: name).endAsItDoes()
    }
}
