import ArgumentParser
import Glibc
import JSON
import JSONRPC
import YAML

/// `reeve edit`
struct Edit: Command {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Change a task in your editor.",
        discussion: """
            Opens the task as YAML in $VISUAL, else $EDITOR, else vi. What is saved is put; what the agent refuses can \
            be edited again. If somebody changed the task meanwhile, nothing is put.

            EXAMPLES:
              reeve edit backup
              EDITOR=nano reeve edit backup
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The task to change.", completion: .task)
    var task: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("task.get", ["task": .string(task)])
        guard case .object(var definition) = answer["task"] else { throw RPCClientError.notUnderstood(answer.text) }
        let revision = definition["revision"]
        definition["revision"] = nil
        let text = JSON.object(definition).yaml
        let path = try File.temporary(
            "# \(task). Save and leave to put it; leave without a change to give up.\n" + text,
            name: "\(task).yaml"
        )
        var isKept = false
        defer { if !isKept { unlink(path) } }
        while true {
            try Editor.open(path)
            do {
                let written = try TaskFile.read(path)
                guard written != .object(definition) else { return Standard.say("\(task): nothing changed") }
                let answer = try await put(written, revision, session)
                if !session.printJSON(answer) { await PutReport(session: session).tell(answer) }
                return
            } catch let error as any ReportableError {
                guard wantsToGoOn(after: error.failure) else {
                    isKept = true
                    Standard.say("reeve: what you wrote is in \(path)")
                    throw error
                }
            }
        }
    }

    private func put(_ task: JSON, _ revision: JSON?, _ session: Session) async throws -> JSON {
        var parameters: JSONObject = ["task": task]
        parameters["ifRevision"] = revision
        return try await session.call("task.put", parameters)
    }

    private func wantsToGoOn(after failure: CommandFailure) -> Bool {
        // Another edit of the same old text cannot help there.
        guard failure.answer?.kind != "conflict", isatty(STDIN_FILENO) == 1 else { return false }
        Standard.say(failure.text(styled: Terminal.standardError.isStyled))
        Standard.write(Array("Edit again? [Y/n] ".utf8), to: STDERR_FILENO)
        guard let line = readLine() else { return false }
        return !line.lowercased().hasPrefix("n")
    }
}
