import ArgumentParser

/// `reeve apply`
struct Apply: Command {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Put the tasks of files, all or none.",
        discussion: """
            A file is YAML or JSON: one task (its id is the file's name if it has none), or a list below "tasks:". They \
            are put in one transaction, and what is different is shown. With --set they belong together; with --prune, \
            what was applied with that set before and is not among them now is removed, and nothing else. In a pipe a \
            task is a line: id, change, what is different.

            EXAMPLES:
              reeve apply -f backup.yaml --dry-run
              reeve apply -f site/tasks --set site --prune
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

    @Option(help: ArgumentHelp("What the tasks belong together by.", valueName: "name"))
    var set: String?

    @Flag(help: "Remove what the set had before and has not now.")
    var prune = false

    func validate() throws {
        guard set != nil || !prune else {
            throw ValidationError("--prune needs --set: it removes only what that set had.")
        }
    }

    func perform() async throws {
        var batch = try TaskBatch(path: file)
        batch.set = set
        batch.isPruning = prune
        let session = try await Session.open(options)
        TaskBatch.print(try await batch.apply(session, isDryRun: dryRun), session, isDryRun: dryRun)
    }
}
