import ArgumentParser
import JSON

/// `reeve add`
struct Add: Command {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a task.",
        discussion: """
            The command stands after "--" and runs without a shell; -c gives a line to /bin/sh. Without a schedule the \
            task runs only by hand (reeve run ID). For tasks of several steps see "reeve apply".

            EXAMPLES:
              reeve add backup --cron '0 3 * * *' --missed once -- /usr/bin/backup --all
              reeve add load --rate 15m --timeout 1m -c 'uptime | logger -t load'
              reeve add report --cron '0 9 * * 1-5' --time-zone Europe/Berlin -- date
              reeve add once --at 2030-12-24T18:00 -- /bin/echo hello
              reeve add hello --boot -- /bin/echo started
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup(title: "When") var schedule: ScheduleOptions
    @OptionGroup(title: "What") var what: DefinitionOptions
    @OptionGroup(title: "How") var how: TaskOptions
    @OptionGroup(title: "Bounds") var limits: LimitOptions

    @Argument(help: ArgumentHelp("Letters, digits, dots, hyphens and underscores.", valueName: "id"))
    var id: String

    @Flag(help: "Change the task if there is one of this id.")
    var replace = false

    @OptionGroup var command: CommandArguments

    func validate() throws {
        _ = try definition()
    }

    /// The task that the arguments describe.
    func definition() throws -> JSONObject {
        var task: JSONObject = ["id": .string(id)]
        task["schedule"] = try schedule.definition()
        task["command"] = command.json
        try what.add(to: &task)
        how.add(to: &task)
        limits.add(to: &task)
        return task
    }

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await Definition.add(.task, definition(), replace: replace, session)
        if session.printJSON(answer) { return }
        await PutReport(session: session).tell(answer)
    }
}
