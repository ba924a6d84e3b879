import ArgumentParser
import JSON
import ReeveProtocol

/// Which tasks to pause or resume.
struct PauseSubject: ParsableArguments {
    @Argument(help: "The task.", completion: .task)
    var task: String?

    @Flag(help: "All tasks.")
    var all = false

    @Option(name: [.customShort("l"), .long], help: ArgumentHelp("All tasks with this label.", valueName: "K=V"))
    var label: [Assignment] = []

    @Option(help: ArgumentHelp("All tasks of this group.", valueName: "name"))
    var group: String?

    func validate() throws {
        guard [task != nil, all, !label.isEmpty, group != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("Name a task, or give --all, --label or --group.")
        }
    }

    func parameters() throws -> JSONObject {
        var parameters = JSONObject()
        parameters["task"] = task.map(JSON.string)
        parameters["labels"] = try label.pairs("--label")
        parameters["group"] = group.map(JSON.string)
        if all { parameters["all"] = true }
        return parameters
    }

    /// Says which tasks an answer names.
    func tell(_ answer: JSON, _ what: String) {
        let names = (answer["tasks"]?.array ?? []).compactMap(\.string)
        Standard.say(names.isEmpty ? "no task was \(what)" : names.map { "\($0): \(what)" }.joined(separator: "\n"))
    }
}

/// `reeve pause`
struct Pause: Command {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Start no due runs of a task. What is running goes on.",
        discussion: """
            EXAMPLES:
              reeve pause backup --for 2h --reason 'disk is being replaced'
              reeve pause --all
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var subject: PauseSubject

    @Option(help: ArgumentHelp("Resume by itself after this.", valueName: "duration"))
    var `for`: Interval?

    @Option(help: ArgumentHelp("Why, for who looks.", valueName: "text"))
    var reason: String?

    func perform() async throws {
        let session = try await Session.open(options)
        var parameters = try subject.parameters()
        parameters["for"] = self.for.map { .string($0.description) }
        parameters["reason"] = reason.map(JSON.string)
        let answer = try await session.call("task.pause", parameters)
        if session.printJSON(answer) { return }
        subject.tell(answer, self.for.map { "paused for \($0)" } ?? "paused")
    }
}
