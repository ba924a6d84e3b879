import ArgumentParser
import JSON
import YAML

/// `reeve show`
struct Show: Command {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a task.",
        discussion: """
            The definition is YAML that "reeve apply" takes; what else is known stands above it as comments.

            EXAMPLES:
              reeve show backup
              reeve show backup > backup.yaml
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The task.", completion: .task)
    var task: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.callInZone("task.get", ["task": .string(task)])
        if session.printJSON(answer) { return }
        guard case .object(var definition) = answer["task"] else { return }
        let revision = definition["revision"]?.integer ?? 0
        definition["revision"] = nil
        let comments = facts(answer, revision, session.times).map { name, text in
            Style.faint.applied(to: "# \((name + ":").padded(to: 10)) \(Table.clean(text))", session.terminal.isStyled)
        }
        Standard.print((comments + [JSON.object(definition).yaml]).joined(separator: "\n"))
    }

    private func facts(_ answer: JSON, _ revision: Int, _ times: TimeText) -> [(String, String)] {
        let by = answer["by"]?.string ?? "?"
        var facts = [
            ("revision", "\(revision), changed \(times.time(answer, "changedAt") ?? "?") by \(by)"),
            ("source", answer["source"]?.string ?? "?"),
            ("schedule", answer["scheduleText"]?.string ?? "?"),
            ("state", TaskState(answer).text(times)),
        ]
        if let next = times.time(answer, "next") {
            facts.append(("next", "\(next) (\(times.distance(answer, "next") ?? ""))"))
        }
        if let last = answer["last"], let number = last["number"]?.integer {
            facts.append(("last run", "\(task)/\(number) \(last["outcome"]?.string ?? "")"))
        }
        return facts
    }
}
