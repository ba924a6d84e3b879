import ArgumentParser

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
        try await DefinitionApply(kind: .task, session: session, isDryRun: dryRun).perform(file)
    }
}
