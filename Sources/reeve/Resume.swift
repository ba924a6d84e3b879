import ArgumentParser
import JSON

/// `reeve resume`
struct Resume: Command {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a paused task be due again.",
        discussion: """
            EXAMPLES:
              reeve resume backup
              reeve resume --all
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var subject: PauseSubject

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("task.resume", try subject.parameters())
        if !session.printJSON(answer) { subject.tell(answer, "resumed") }
    }
}
