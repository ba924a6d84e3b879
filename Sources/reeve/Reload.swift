import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve reload`
struct Reload: Command {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the agent read its configuration again.",
        discussion: """
            Takes over what can change while the agent runs, and says what needs a
            restart. A file with anything wrong in it changes nothing. No run, service
            or client ends by a reload, and it waits for none. Files in the folders are
            taken over without it.

            EXAMPLES:
              reeve reload --dry-run
              reeve reload
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag(name: .customLong("dry-run"), help: "Only say what would change.")
    var isTrial = false

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("agent.reload", ["dryRun": .bool(isTrial)])
        guard !session.printJSON(answer) else { return }
        let later = answer["needsRestart"]?.array ?? []
        var table = Table("KEY", "CHANGE", "FROM", "TO", "COUNTS")
        for (changes, word) in [
            (answer["changed"]?.array ?? [], isTrial ? "at once" : "now"), (later, "after a restart"),
        ] {
            for change in changes {
                table.add(
                    Table.Cell(change["key"]?.string.map(Self.dotted), .strong),
                    Table.Cell(Self.kind(change)),
                    Table.Cell(change["from"].map(Self.text)),
                    Table.Cell(change["to"].map(Self.text)),
                    Table.Cell(word)
                )
            }
        }
        let file = answer["file"]?.string
        session.print(table, ifEmpty: file.map { "\($0): nothing has changed" } ?? "there is no file: defaults count")
        if !later.isEmpty, !isTrial {
            Standard.say("reeve: warning: some of it counts only when the agent has been restarted")
        }
    }

    /// `/runner/output/total` as people say it: `runner.output.total`.
    private static func dotted(_ pointer: String) -> String {
        String(pointer.dropFirst()).replacing("/", with: ".")
    }

    private static func kind(_ change: JSON) -> String? {
        let lost = change["undelivered"]?.integer ?? 0
        return change["change"]?.string.map { lost > 0 ? "\($0), with \(lost) undelivered" : $0 }
    }

    private static func text(_ value: JSON) -> String { value == .null ? "-" : value.string ?? value.text }
}
