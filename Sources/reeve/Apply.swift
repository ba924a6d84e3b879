import ArgumentParser
import JSON

/// `reeve apply`
struct Apply: Command {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Put the tasks of files.",
        discussion: """
            A file is YAML or JSON: one task (its id is the file's name if it has none), or a list below "tasks:". All \
            are checked before the first is put.

            EXAMPLES:
              reeve apply -f backup.yaml --dry-run
              reeve apply -f /etc/reeve/tasks
              echo '{"id": "hello", "command": ["echo", "hello"]}' | reeve apply -f -
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("A file, a folder of them, or - for standard input.", valueName: "file|dir"),
        completion: .file()
    )
    var file: String

    @Flag(help: "Say what would change, and change nothing.")
    var dryRun = false

    @Option(help: .hidden)
    var set: String?

    @Flag(help: .hidden)
    var prune = false

    func validate() throws {
        guard set == nil, !prune else {
            throw ValidationError("--set and --prune are not supported by this version of reeve.")
        }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        let files = try File.definitions(file).map { try TaskFile(path: $0) }
        try await check(files, session)
        var changes: [JSON] = []
        for entry in files.flatMap(\.entries) {
            changes.append(dryRun ? try await compare(entry.task, session) : try await put(entry.task, session))
        }
        if session.printJSON(["changes": .array(changes)]) { return }
        var table = Table("TASK", "CHANGE")
        for change in changes {
            let action = change["action"]?.string ?? ""
            let style: Style = action == "same" ? .faint : .good
            table.add(Table.Cell(change["task"]?.string), Table.Cell(action, style))
        }
        session.print(table, ifEmpty: "there is no task in it")
        if dryRun { Standard.say("nothing was changed (--dry-run)") }
    }

    /// All or none, as far as can be told before.
    private func check(_ files: [TaskFile], _ session: Session) async throws {
        var isValid = true
        for file in files {
            for entry in file.entries {
                let answer = try await session.call("task.check", ["task": entry.task])
                TaskProblems(file: file, entry: entry, answer: answer).tell()
                isValid = isValid && answer["valid"]?.bool == true
            }
        }
        guard isValid else { throw CommandFailure(.refused, "nothing was changed") }
    }

    private func put(_ task: JSON, _ session: Session) async throws -> JSON {
        let answer = try await session.call("task.put", ["task": task])
        let action =
            answer["created"]?.bool == true ? "created" : answer["changed"]?.bool == true ? "changed" : "same"
        return Self.change(answer["task"]?["id"] ?? task["id"], action)
    }

    private func compare(_ task: JSON, _ session: Session) async throws -> JSON {
        guard let id = task["id"]?.string, let current = try await Definition.current(id, session) else {
            return Self.change(task["id"], "created")
        }
        var wanted = task.object ?? [:]
        wanted["revision"] = nil
        return Self.change(task["id"], current == wanted ? "same" : "changed")
    }

    private static func change(_ task: JSON?, _ action: String) -> JSON {
        ["task": task ?? .null, "action": .string(action)]
    }
}
