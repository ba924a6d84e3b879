import ArgumentParser

/// `reeve service apply`
struct ServiceApply: Command {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Put the services of files.",
        discussion: """
            A file is YAML or JSON: one service (its name is the file's if it has none), a list of them, or a list \
            below "services:". All are checked before the first is put. In a pipe a service is a line: name, change.

            EXAMPLES:
              reeve service apply -f web.yaml --dry-run
              reeve service apply -f /etc/reeve/services
              echo '{"name": "beat", "command": ["sleep", "1h"]}' | reeve service apply -f -
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

    func perform() async throws {
        let session = try await Session.open(options)
        try await ServiceBatch(session: session, isDryRun: dryRun).perform(file)
    }
}
