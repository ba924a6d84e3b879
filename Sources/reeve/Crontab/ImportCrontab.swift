import ArgumentParser
import JSON
import ReeveProtocol
import YAML

/// `reeve import crontab`
struct ImportCrontab: Command {
    static let configuration = CommandConfiguration(
        commandName: "crontab",
        abstract: "Turn a crontab into tasks of the same meaning.",
        discussion: """
            Prints the tasks as YAML that "reeve apply" takes, and says on standard error, line by line, what cannot \
            be taken over and what is different. The crontab is left as it is: remove it when the tasks are there, or \
            all runs twice.

            A crontab is a file, a user's, or "-" for standard input; without one it is your own. Those of /etc have a \
            user before each command. Ends with 1 if a line could not be taken over. reeve(1) says \
            what is written in another way, and why a line is refused.

            EXAMPLES:
              reeve import crontab > tasks.yaml
              reeve apply -f tasks.yaml
              reeve import crontab --apply
              reeve import crontab /etc/crontab --prefix etc-
              echo '*/5 * * * * date' | reeve import crontab -
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: ArgumentHelp("The crontab.", valueName: "file|user"), completion: .file())
    var crontab: String?

    @Flag(help: "A user stands before each command, as in /etc/crontab.")
    var userColumn = false

    @Option(help: ArgumentHelp("What the tasks' ids begin with.", valueName: "text"))
    var prefix = Crontab.defaultPrefix

    @Flag(help: "Put the tasks, once all of them were checked.")
    var apply = false

    @Flag(help: "With --apply: put the others if lines cannot be taken over.")
    var partial = false

    @Flag(help: "With --apply: change tasks that are there.")
    var replace = false

    func validate() throws {
        guard apply || !partial && !replace else {
            throw ValidationError("--partial and --replace are for --apply.")
        }
        guard prefix.isEmpty || isName(prefix, longest: 50) else {
            throw ValidationError("--prefix is at most 50 of the characters A-Z a-z 0-9 . _ -")
        }
    }

    func perform() async throws {
        let source = try CrontabSource.read(crontab, hasUsers: userColumn)
        let crontab = Crontab(source.text, hasUsers: source.hasUsers, owner: source.owner, prefix: prefix)
        for problem in crontab.problems { Standard.say(problem.text(of: source.name)) }
        let tasks = try crontab.entries.map { try JSONCoder.encode($0.task) }
        if apply {
            guard crontab.isComplete || partial else {
                throw CommandFailure(.refused, "nothing was changed", hint: "--partial takes the other lines over")
            }
            let session = try await Session.open(options)
            let batch = TaskBatch(
                zip(crontab.entries, tasks).map { entry, task in
                    TaskBatch.Entry(definition: task) { _ in "\(source.name):\(entry.line)" }
                }
            )
            if !replace { try await refuseOthers(batch, session) }
            TaskBatch.print(try await batch.apply(session, isDryRun: false), session, isDryRun: false)
        } else {
            let list: JSON = ["tasks": .array(tasks)]
            Standard.print(options.json ? list.text : list.yaml)
        }
        guard crontab.isComplete else { throw ExitStatus(ExitCodes.refused) }
    }

    /// Another crontab may have made tasks of the same names.
    private func refuseOthers(_ batch: TaskBatch, _ session: Session) async throws {
        let changes = try await batch.apply(session, isDryRun: true)["changes"]?.array ?? []
        let others = changes.filter { $0["action"] == "changed" }.map { $0["task"]?.string ?? "?" }
        guard others.isEmpty else {
            throw CommandFailure(
                .refused,
                "there are other tasks of these names already: \(others.joined(separator: ", "))",
                hint: "--replace changes them, --prefix names these otherwise; nothing was changed"
            )
        }
    }
}
